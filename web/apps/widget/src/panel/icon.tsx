import { type Mark as MarkShape, type Icon as Shape, strokeFor } from '@yingda/ui';

export function Icon({ of, size = 20 }: { of: Shape; size?: number }) {
  return (
    <svg viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" class="i">
      <path d={of[0]} stroke-width={strokeFor(size)} />
      {of[1] && <path d={of[1]} class="dots" />}
    </svg>
  );
}

export function Mark({ of }: { of: MarkShape }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" class="mark">
      <path d={of.ground} class="ground" />
      {of.fill && <path d={of.fill} class="ink" />}
      {of.strokes.map(([d, width]) => (
        <path key={d} d={d} class="wire" stroke-width={width} />
      ))}
    </svg>
  );
}
