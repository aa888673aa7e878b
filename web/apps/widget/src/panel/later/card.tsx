import { type Card, money, parseCard, type Row } from '@yingda/ui';
import { chevronRight } from '@yingda/ui/icons';
import type { ComponentChildren } from 'preact';
import { usePanel } from '../context.ts';
import { Icon } from '../icon.tsx';
import { wear } from '../later.ts';
import style from './card.css?inline';
import { CARD_WORDS } from './cardWords.ts';

wear(style);

type Of<T extends Card['type']> = Extract<Card, { type: T }>;
type Choose = (text: string) => void;

/** Draws a card from its parsed form only: text nodes, numbers and https links. What cannot be parsed shows its fallback. */
export function CardView({ card, fallback, onChoose }: { card: unknown; fallback: string; onChoose: Choose }) {
  const parsed = parseCard(card);
  if (!parsed) return <div class="bubble">{fallback}</div>;
  switch (parsed.type) {
    case 'choice':
      return <Choice card={parsed} onChoose={onChoose} />;
    case 'consent':
      return <Consent card={parsed} onChoose={onChoose} />;
    case 'article':
      return <Article card={parsed} />;
    case 'product':
      return <Product card={parsed} />;
    case 'order':
      return <Order card={parsed} />;
    case 'bill':
      return <Bill card={parsed} />;
    case 'form':
      return <Form card={parsed} />;
    case 'queue':
      return <Queue card={parsed} />;
  }
}

function Choice({ card, onChoose }: { card: Of<'choice'>; onChoose: Choose }) {
  return (
    <>
      <div class="bubble">{card.prompt}</div>
      <div class="card options">
        {card.options.map(({ label, text }) => (
          <button type="button" key={label} onClick={() => onChoose(text)}>
            {label}
            <Icon of={chevronRight} size={16} />
          </button>
        ))}
      </div>
    </>
  );
}

function Consent({ card, onChoose }: { card: Of<'consent'>; onChoose: Choose }) {
  return (
    <Box title={card.title}>
      <p>{card.text}</p>
      <div class="pair">
        <button type="button" class="button" onClick={() => onChoose(card.decline)}>
          {card.decline}
        </button>
        <button type="button" class="button primary" onClick={() => onChoose(card.agree)}>
          {card.agree}
        </button>
      </div>
    </Box>
  );
}

function Article({ card }: { card: Of<'article'> }) {
  const { locale } = usePanel();
  const said = CARD_WORDS[locale];
  return (
    <Box title={card.title} url={card.url}>
      <p>{card.summary}</p>
      {card.source && <p class="hint">{said.source(card.source)}</p>}
    </Box>
  );
}

function Product({ card }: { card: Of<'product'> }) {
  const { locale } = usePanel();
  const said = CARD_WORDS[locale];
  return (
    <Box title={card.name} url={card.url}>
      <p class="price">
        {money(card.price_fen, locale)} <small>{card.period === 'month' ? said.perMonth : said.once}</small>
      </p>
      <ul class="features">
        {card.features.map((feature) => (
          <li key={feature}>{feature}</li>
        ))}
      </ul>
    </Box>
  );
}

function Order({ card }: { card: Of<'order'> }) {
  const { locale } = usePanel();
  const said = CARD_WORDS[locale];
  return (
    <Box title={card.title} badge={card.status}>
      <Rows rows={[{ label: said.orderNumber, value: card.number }, ...card.rows]} />
    </Box>
  );
}

function Form({ card }: { card: Of<'form'> }) {
  const { locale } = usePanel();
  const said = CARD_WORDS[locale];
  const rows = card.fields.map(({ label, value, required }) => ({
    label: required ? `${label} (${said.required})` : label,
    value: value ?? said.notFilled,
  }));
  return (
    <Box title={card.title}>
      <Rows rows={rows} />
    </Box>
  );
}

function Queue({ card }: { card: Of<'queue'> }) {
  const { words, locale } = usePanel();
  const said = CARD_WORDS[locale];
  const wait =
    card.wait_min === undefined ? undefined : said.waitMinutes(card.wait_min, card.wait_max ?? card.wait_min);
  return (
    <Box title={words.queueing}>
      <p>
        {words.queueAhead} {card.ahead} {words.people}
        {wait && ` · ${wait}`}
      </p>
    </Box>
  );
}

function Bill({ card }: { card: Of<'bill'> }) {
  const { locale } = usePanel();
  const said = CARD_WORDS[locale];
  const change = (fen: number) => (fen === 0 ? said.same : `${fen > 0 ? '+' : '−'}${money(Math.abs(fen), locale)}`);
  return (
    <Box title={card.title}>
      <table class="bill">
        <tbody>
          {card.items.map(({ name, amount_fen, change_fen }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{money(amount_fen, locale)}</td>
              {change_fen !== undefined && <td class={change_fen > 0 ? 'up' : 'hint'}>{change(change_fen)}</td>}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{said.total}</th>
            <td>{money(card.total_fen, locale)}</td>
          </tr>
        </tfoot>
      </table>
    </Box>
  );
}

function Box({
  title,
  badge,
  url,
  children,
}: {
  title: string;
  badge?: string;
  url?: string;
  children: ComponentChildren;
}) {
  const { locale } = usePanel();
  const said = CARD_WORDS[locale];
  return (
    <div class="card box">
      <h2>
        {title}
        {badge && <span class="tag">{badge}</span>}
      </h2>
      {children}
      {url && (
        <a class="more" href={url} target="_blank" rel="noopener noreferrer">
          {said.openLink}
          <Icon of={chevronRight} size={16} />
        </a>
      )}
    </div>
  );
}

function Rows({ rows }: { rows: Row[] }) {
  return (
    <dl class="facts">
      {rows.map(({ label, value }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
