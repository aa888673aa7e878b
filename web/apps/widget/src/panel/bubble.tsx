import type { CardBody, FileBody, ImageBody, TextBody, ThreadItem } from '@yingda/realtime';
import { alert, clock } from '@yingda/ui/icons';
import { usePanel, useTry } from './context.ts';
import { FileCard } from './file.tsx';
import { Icon } from './icon.tsx';
import { parts, useLater } from './later.ts';
import { Picture } from './picture.tsx';
import { contentOf, isMine } from './rows.ts';
import { canSpeak } from './speak.ts';

export interface BubbleProps {
  readonly item: ThreadItem;
  readonly name?: string;
  /** Care mode: each message of staff can be heard. */
  readonly care: boolean;
  /** The newest of mine that is committed: the one whose mark is shown. */
  readonly marked: boolean;
  readonly onChoose: (text: string) => void;
}

export function Bubble({ item, name, care, marked, onChoose }: BubbleProps) {
  const mine = isMine(item);
  const isHeard = care && !mine && canSpeak();
  const { ReadAloud } = useLater(parts.aloud, isHeard) ?? {};
  return (
    <li class={mine ? 'said mine' : 'said'}>
      {name && <p class="who">{name}</p>}
      <Content item={item} onChoose={onChoose} />
      {isHeard && ReadAloud && <ReadAloud text={item.entry?.fallback ?? ''} />}
      {mine && <Recall item={item} />}
      {mine && <Marks item={item} marked={marked} />}
    </li>
  );
}

function Content({ item, onChoose }: Pick<BubbleProps, 'item' | 'onChoose'>) {
  const content = contentOf(item);
  const fallback = item.entry?.fallback ?? '';
  const isCard = content.kind === 'card' && content.body !== undefined;
  const { CardView } = useLater(parts.card, isCard) ?? {};
  if (content.kind === 'image' && content.body)
    return <Picture body={content.body as ImageBody} name={item.entry?.author.name ?? ''} />;
  if (content.kind === 'file' && content.body) return <FileCard body={content.body as FileBody} />;
  if (isCard && CardView) {
    return <CardView card={(content.body as CardBody).card} fallback={fallback} onChoose={onChoose} />;
  }
  const isText = content.kind === 'text' && (item.entry?.v ?? 1) === 1;
  return <div class="bubble">{isText ? (content.body as TextBody).text : fallback}</div>;
}

function Marks({ item, marked }: Pick<BubbleProps, 'item' | 'marked'>) {
  const { words, session } = usePanel();
  const { outgoing, delivery = 'sent' } = item;
  if (outgoing && delivery === 'failed') {
    return (
      <p class="marks bad">
        <Icon of={alert} size={16} />
        {words.state.failed}
        <button type="button" onClick={() => session.client.retry(outgoing.clientId)}>
          {words.retry}
        </button>
        <button type="button" onClick={() => session.client.discard(outgoing.clientId)}>
          {words.discard}
        </button>
      </p>
    );
  }
  if (delivery === 'waiting') {
    return (
      <p class="marks late">
        <Icon of={clock} size={16} />
        {words.state.waiting}
      </p>
    );
  }
  if (!marked) return null;
  return <p class={delivery === 'sending' ? 'marks soon' : 'marks'}>{words.state[delivery]}</p>;
}

/** Beside the bubble, so that it costs no line; with a mouse only where the pointer is. */
function Recall({ item: { entry } }: Pick<BubbleProps, 'item'>) {
  const { words, session, now } = usePanel();
  const attempt = useTry();
  if (!entry || !session.isActive || now() - entry.at >= session.client.recallWithin) return null;
  return (
    <button type="button" class="recall" onClick={() => attempt(() => session.recall(entry.seq))}>
      {words.recall}
    </button>
  );
}
