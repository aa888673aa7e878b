/** What the desk tells the page that shows how a site will look; the widget's own code draws it. */
export interface PreviewLook {
  readonly site: {
    readonly key: string;
    readonly name: string;
    readonly title: string;
    readonly greeting: string;
    readonly hot_questions: readonly string[];
    readonly groups: readonly { readonly id: string; readonly name: string }[];
    readonly brand?: string;
    readonly logo?: { readonly url: string; readonly width: number; readonly height: number };
    readonly care: boolean;
  };
  readonly launcher: {
    readonly side: 'right' | 'left';
    readonly x: number;
    readonly y: number;
    readonly shape: 'circle' | 'square' | 'pill';
  };
  readonly locale: string;
  readonly theme: 'light' | 'dark';
}
/** From the desk: `look`. From the page: `ready` asks for it; inside it the panel says `close` too. */
export type PreviewMessage =
  | { readonly preview: 'look'; readonly look: PreviewLook }
  | { readonly preview: 'ready' }
  | { readonly preview: 'close' };

/** Messages of the preview that this window sent to that one; both are of our own origin. */
export function hearPreview(
  from: () => Window | null | undefined,
  heard: (message: PreviewMessage) => void,
): () => void {
  const listen = ({ origin, source, data }: MessageEvent) => {
    if (origin !== location.origin || source === null || source !== from()) return;
    if (typeof data === 'object' && data !== null && 'preview' in data) heard(data as PreviewMessage);
  };
  addEventListener('message', listen);
  return () => removeEventListener('message', listen);
}
export function tellPreview(to: Window | null | undefined, message: PreviewMessage): void {
  to?.postMessage(message, location.origin);
}
