import { answer, type ChainFinding, type ChainPart, type ChainState } from '@yingda/api';
import { computed, onBeforeUnmount, ref } from 'vue';
import { useApi } from '../../outside.ts';

/** Findings that are shown; a log that was made anew has as many as records. */
const SHOWN = 50;

/** How it stands with the chain, and a walk along all of it: part by part, so that each call is short and one sees how far it is. */
export function useChainCheck() {
  const api = useApi();
  const state = ref<ChainState>();
  const error = ref<unknown>();
  const walk = ref<{ done: number; records: number; findings: ChainFinding[]; more: number; isOver: boolean }>();
  const isWalking = computed(() => walk.value?.isOver === false && !error.value);
  let gone = false;
  onBeforeUnmount(() => {
    gone = true;
  });

  async function load() {
    try {
      state.value = await answer(api.GET('/api/v1/audit/chain'));
      error.value = undefined;
    } catch (failure) {
      error.value = failure;
    }
  }

  const walkPart = (from: number, to: number) =>
    answer(api.GET('/api/v1/audit/chain/check', { params: { query: { from, to } } }));

  async function check() {
    if (isWalking.value) return;
    await load();
    const chain = state.value;
    if (error.value || !chain) return;
    walk.value = { done: 0, records: 0, findings: [], more: 0, isOver: false };
    const told = walk.value;
    const length = chain.sealed_seq - chain.forgotten_seq;
    try {
      for (let at: number | undefined = chain.forgotten_seq + 1; at && at <= chain.sealed_seq; ) {
        if (gone) return;
        const part: ChainPart = await walkPart(at, chain.sealed_seq);
        told.records += part.records;
        told.more += Math.max(0, told.findings.length + part.findings.length - SHOWN);
        told.findings = [...told.findings, ...part.findings].slice(0, SHOWN);
        told.done = (part.upto - chain.forgotten_seq) / length;
        at = part.next ?? undefined;
      }
      told.isOver = true;
    } catch (failure) {
      error.value = failure;
    }
  }
  return { state, error, walk, isWalking, load, check };
}
