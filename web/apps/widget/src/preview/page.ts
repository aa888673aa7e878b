import { hearPreview, type PreviewLook, tellPreview } from '@yingda/ui';
import { Launcher } from '../loader/launcher.ts';
import { wear } from '../panel/later.ts';
import style from './page.css?inline';

/** What the launcher is made of; a change of anything else only goes to the panel. */
const outside = ({ site, launcher, locale, theme }: PreviewLook) =>
  JSON.stringify([site.title, site.brand, launcher, locale, theme]);

/** In the place of a page of the operator: lines that stand for its text, and the widget in its corner. */
export function drawPage(): void {
  wear(style);
  document.body.replaceChildren(lines());
  let look: PreviewLook | undefined;
  let launcher: Launcher | undefined;
  let frame: HTMLIFrameElement | undefined;
  let isOpen = true;

  const give = () => look && tellPreview(frame?.contentWindow, { preview: 'look', look });
  const set = (open: boolean) => {
    isOpen = open;
    if (open) launcher?.openPanel();
    else launcher?.closePanel();
  };
  const build = (next: PreviewLook) => {
    launcher?.hide();
    const { title, brand } = next.site;
    launcher = new Launcher({ title, brand, launcher: next.launcher, locale: next.locale, theme: next.theme }, () =>
      set(true),
    );
    launcher.show();
    frame = launcher.addFrame('/widget/preview.html?part=panel');
    if (isOpen) launcher.openPanel();
  };

  hearPreview(
    () => frame?.contentWindow,
    ({ preview }) => {
      if (preview === 'close') set(false);
      if (preview !== 'ready') return;
      give();
      launcher?.panelReady();
    },
  );
  hearPreview(
    () => parent,
    (message) => {
      if (message.preview !== 'look') return;
      const isSame = look !== undefined && outside(look) === outside(message.look);
      look = message.look;
      document.documentElement.dataset.ydTheme = look.theme;
      if (isSame) give();
      else build(look);
    },
  );
  tellPreview(parent, { preview: 'ready' });
}

/** For those who hear the page there is a heading, and the widget. */
function lines(): HTMLElement {
  const page = document.createElement('main');
  const heading = document.createElement('h1');
  heading.textContent = document.title;
  heading.className = 'yd-vh';
  const text = document.createElement('div');
  text.className = 'page';
  text.append(...Array.from({ length: 14 }, () => document.createElement('i')));
  page.append(heading, text);
  return page;
}
