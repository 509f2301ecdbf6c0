// The tab's title.
import { useEffect } from 'preact/hooks';

/** While the component is shown. */
export function useTitle(title: string | null): void {
  useEffect(() => {
    document.title = title === null ? 'Trainyard' : `${title} · Trainyard`;
  }, [title]);
}
