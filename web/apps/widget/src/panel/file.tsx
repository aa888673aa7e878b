import type { FileBody } from '@yingda/realtime';
import { bytes } from '@yingda/ui';
import { file } from '@yingda/ui/icons';
import type { ComponentChildren } from 'preact';
import { usePanel, useTry } from './context.ts';
import { Icon } from './icon.tsx';

/** Type, name and size. The name is a stranger's: whatever direction it is written in, it stays in its place. */
export function FileLabel({ name, size, children }: { name: string; size: number; children?: ComponentChildren }) {
  const { locale } = usePanel();
  return (
    <>
      <Icon of={file} size={24} />
      <span class="file-name">
        <bdi>{name}</bdi>
        <small>{children ?? bytes(size, locale)}</small>
      </span>
    </>
  );
}

/** A file entry. Each saving asks for a fresh address: they live for ten minutes only. */
export function FileCard({ body }: { body: FileBody }) {
  const { session, words } = usePanel();
  const attempt = useTry();
  const save = async () => {
    const path = `/api/v1/file/${encodeURIComponent(body.file)}/link`;
    const { url } = await session.client.call<{ url: string }>('POST', path, {});
    const link = document.createElement('a');
    link.href = url;
    link.download = body.name;
    link.click();
  };
  return (
    <button type="button" class="file" onClick={() => attempt(save)}>
      <span class="yd-vh">{words.saveFile} </span>
      <FileLabel name={body.name} size={body.bytes} />
    </button>
  );
}
