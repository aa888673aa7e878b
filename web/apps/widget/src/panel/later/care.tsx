import { CARE_SIZES, type CareSize } from '@yingda/ui';
import { usePanel } from '../context.ts';
import { wear } from '../later.ts';
import style from './care.css?inline';

wear(style);
const WORDS = {
  'zh-CN': { standard: '回到标准版', sizes: ['大', '特大', '超大'] },
  en: { standard: 'Ordinary type', sizes: ['Large', 'Larger', 'Largest'] },
};

/** How large it is in care mode, and the way back to ordinary type. Part of the page, not over it: nothing pops up here. */
export function SizeBar({ size, onPick }: { size: CareSize; onPick: (size: CareSize) => void }) {
  const { words, locale } = usePanel();
  const own = WORDS[locale];
  return (
    <section class="sizes" aria-label={words.textSize}>
      <div>
        {CARE_SIZES.map((one, index) => (
          <button
            type="button"
            key={one}
            class="button choice"
            data-size={one}
            aria-pressed={one === size}
            onClick={() => onPick(one)}
          >
            {own.sizes[index]}
          </button>
        ))}
      </div>
      <button type="button" class="button" onClick={() => onPick(0)}>
        {own.standard}
      </button>
    </section>
  );
}
