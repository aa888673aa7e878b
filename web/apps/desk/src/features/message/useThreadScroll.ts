import { nextTick, onBeforeUnmount, onMounted, type Ref, ref, watch } from 'vue';

/** Nearer to the end than this counts as "at the end": a half-shown last line is still the end. */
const slackPx = 48;

/**
 * Keeps a thread where its reader is: at the newest entry while they are there, else on the same line whatever is put above or below.
 * The browser's own scroll anchoring is switched off by the style, so that the two do not add up.
 */
export function useThreadScroll(
  scroller: Ref<HTMLElement | undefined>,
  content: Ref<HTMLElement | undefined>,
  onTop: () => void,
) {
  const atEnd = ref(true);
  let fromEnd = 0;
  let lastTop = 0;
  let observer: ResizeObserver | undefined;

  function measure() {
    const box = scroller.value;
    if (!box) return;
    const { scrollTop, scrollHeight, clientHeight } = box;
    fromEnd = scrollHeight - scrollTop - clientHeight;
    // What grew since the scrolling to the end is no going away from it: only somebody who goes up leaves. Where the place seen last is no
    // more (whole numbers beside a fraction: by a pixel), it was the browser that went up.
    const wasPossible = lastTop < scrollHeight - clientHeight + 1;
    if (fromEnd < slackPx) atEnd.value = true;
    else if (wasPossible && scrollTop < lastTop) atEnd.value = false;
    lastTop = scrollTop;
    if (scrollTop < 200 && scrollHeight > clientHeight) onTop();
  }

  function toEnd() {
    const box = scroller.value;
    if (!box) return;
    box.scrollTop = box.scrollHeight;
    fromEnd = 0;
    lastTop = box.scrollTop;
    atEnd.value = true;
  }

  /** Older lines come in above: the distance to the end is what must not change. */
  async function keepPlace(change: () => void | Promise<void>) {
    measure();
    const before = fromEnd;
    await change();
    await nextTick();
    const box = scroller.value;
    if (box) box.scrollTop = box.scrollHeight - box.clientHeight - before;
  }

  onMounted(() => {
    // Pictures that load and an editor that grows move the end without a new entry.
    observer = new ResizeObserver(() => {
      if (atEnd.value) toEnd();
    });
    watch(
      [scroller, content],
      ([box, inner]) => {
        observer?.disconnect();
        if (box) observer?.observe(box);
        if (inner) observer?.observe(inner);
      },
      { immediate: true },
    );
  });
  onBeforeUnmount(() => observer?.disconnect());

  return { atEnd, measure, toEnd, keepPlace };
}
