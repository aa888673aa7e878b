import { answer } from '@yingda/api';
import type { FileRules } from '@yingda/ui';
import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import { useApi } from '../../outside.ts';

/** What the operator lets people send, asked for when an editor first needs it. Until it is known the server alone judges. */
export const useFileRules = defineStore('fileRules', () => {
  const api = useApi();
  const rules = shallowRef<FileRules>();
  let asked: Promise<void> | undefined;

  function load(): Promise<void> {
    asked ??= answer(api.GET('/api/v1/file/rules')).then(
      (known) => {
        rules.value = known;
      },
      () => {
        asked = undefined; // the next editor asks again
      },
    );
    return asked;
  }
  return { rules, load };
});
