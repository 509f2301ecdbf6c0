// The page of the address, loaded when one first goes there.
import { useEffect, useErrorBoundary, useRef, useState } from 'preact/hooks';
import { whyNot } from '../api/session.js';
import { Empty, ErrorNote } from '../ui/surfaces.js';
import { PAGES, type PageComponent } from './pages.js';
import { hrefOf, matched, path } from '../lib/router.js';
import { useTitle } from '../lib/title.js';
import type { PageName } from '../../portable/page-paths.js';

export function Outlet() {
  const place = matched.value;
  return place === null ? <Lost /> : <Page key={place.name} name={place.name} params={place.params} />;
}

/** Begins to load the page of the address, before anybody knows who may see it. What fails then is told when it is shown. */
export const preloadPage = (): void => void (matched.value !== null && PAGES[matched.value.name].load().catch(() => undefined));

function Page({ name, params }: { name: PageName; params: Readonly<Record<string, string>> }) {
  const { title, right, load } = PAGES[name];
  const [found, setFound] = useState<{ Component: PageComponent } | null>(null);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [broken, mend] = useErrorBoundary((error) => console.error(error));
  const main = useRef<HTMLElement>(null);
  useTitle(title);
  useEffect(() => {
    load().then((Component) => setFound({ Component }), setFailure);
    // Whoever cannot see the page change is taken to what has changed.
    main.current?.focus({ preventScroll: true });
  }, [load]);
  const why = whyNot(right);
  return (
    <main id="main" ref={main} tabIndex={-1} data-page={name} aria-busy={found === null}>
      {why !== null ? <Empty title="This is not for you to see"><p>{why}</p></Empty>
        : broken !== undefined ? <ErrorNote title="This page has broken." error={broken} onRetry={mend} />
        : failure !== undefined ? <ErrorNote title="The page could not be loaded." error={failure} onRetry={() => location.reload()} />
        : found !== null && <found.Component params={params} />}
    </main>
  );
}

function Lost() {
  useTitle('Not found');
  return (
    <main id="main" tabIndex={-1}>
      <Empty title="There is no such page">
        <p>Nothing is at <code>{path.value}</code>.</p>
        <a class="button" href={hrefOf('runs')}>All runs</a>
      </Empty>
    </main>
  );
}
