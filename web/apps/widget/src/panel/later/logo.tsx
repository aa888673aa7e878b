import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { usePanel } from '../context.ts';
import { wear } from '../later.ts';
import style from './logo.css?inline';

wear(style);

/** The operator's own picture beside the title; children stand in for it where there is none, or it does not come. */
export function Logo({ title, children }: { title: string; children: ComponentChildren }) {
  const { name, logo } = usePanel().session.site;
  const [lost, lose] = useState('');
  if (!logo) return <>{children}</>;
  const { url, width, height } = logo;
  return (
    <span class="mark logo" style={{ aspectRatio: `${width} / ${height}` }}>
      {lost === url ? (
        children
      ) : (
        // Whoever hears the name beside it need not hear it twice.
        <img src={url} alt={title === name ? '' : name} width={width} height={height} onError={() => lose(url)} />
      )}
    </span>
  );
}
