// Who used the devices, as JSON, for a spreadsheet, and as a picture.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { negotiate } from '../http/negotiate.js';
import { problems, representations } from '../http/responses.js';
import { ref } from '../schemas/build.js';
import { Ledger, LEDGER_FORMATS, LedgerQuery } from '../schemas/ledger.js';
import type { Services } from '../services.js';
import { chartOf } from './chart.js';
import { csvOf } from './csv.js';

const { json, csv, svg } = LEDGER_FORMATS;
/** The picture is a document of its own in a browser: it may style itself, and do nothing else. */
const PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

function withCursor(url: string, cursor: string): string {
  const { pathname, searchParams } = new URL(url, 'http://here');
  searchParams.set('cursor', cursor);
  return `${pathname}?${searchParams.toString()}`;
}

export const ledgerRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'ledger'> }> = async (app, { services: { ledger } }) => {
  app.get('/v1/ledger', {
    config: { access: 'read' },
    schema: {
      operationId: 'getLedger', tags: ['service'], summary: 'Ask who used the devices, and what became of it', querystring: LedgerQuery,
      description: "Device-seconds of a period, by team, user, run, day, box or kind of device: useful, after the best epoch, lost and done again, idle. Of one's own team; who runs the service may ask for another, or for `all`, though not for their runs.",
      response: {
        ...representations(200, 'The ledger; as CSV its items, with the address of the next page in `Link`, as SVG a bar for each.', { [json]: ref(Ledger), [csv]: Type.String(), [svg]: Type.String() }),
        ...problems('invalid_cursor', 'not_found', 'not_acceptable'),
      },
    },
  }, async ({ principal, query: { format, ...query }, headers, url }, reply) => {
    const type = format === undefined ? negotiate(headers.accept, [json, csv, svg]) : LEDGER_FORMATS[format];
    const answer = await ledger.get(principal, query);
    if (answer.nextCursor !== null) void reply.header('link', `<${withCursor(url, answer.nextCursor)}>; rel="next"`);
    void reply.headers({ vary: 'accept', 'cache-control': 'no-store' });
    if (type === json) return reply.send(answer);
    if (type === svg) return reply.header('content-security-policy', PICTURE_POLICY).type(`${svg}; charset=utf-8`).send(chartOf(answer));
    const name = `ledger-by-${answer.by}-${answer.from.slice(0, 10)}-${answer.to.slice(0, 10)}.csv`;
    return reply.header('content-disposition', `attachment; filename="${name}"`).type(`${csv}; charset=utf-8; header=present`).send(csvOf(answer));
  });
};
