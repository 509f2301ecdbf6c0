// What a lost connection means for who watches, said beneath the header. It lies over the page, which stays where it is.
import { useEffect, useState } from 'preact/hooks';
import { several } from '../lib/format.js';
import { link } from '../live/link.js';

const SHOWN_MS = 8000;

export function AwayBanner() {
  const { status, fetched } = link.value;
  const [shown, setShown] = useState<'away' | 'back' | null>(null);
  useEffect(() => {
    if (status === 'reconnecting') setShown('away');
    else if (status === 'live') setShown((before) => (before === null ? null : 'back'));
  }, [status]);
  useEffect(() => {
    if (shown !== 'back') return;
    const timer = setTimeout(() => setShown(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  // Read out twice, and not with each point that comes.
  return <div class="away" role="status">{shown !== null && <p data-shown={shown}>{shown === 'away' ? 'Reconnecting. Nothing is lost.' : fetched > 0 ? `Nothing is lost: ${several(fetched, 'point')} fetched.` : 'Connected again. Nothing is lost.'}</p>}</div>;
}
