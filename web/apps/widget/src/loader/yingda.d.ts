/**
 * Types of the one global name the widget has on a host page. Copy this file, or refer to it:
 *   /// <reference path="yingda.d.ts" />
 * Before the script: window.yingda = window.yingda || function () { (yingda.q = yingda.q || []).push(arguments); };
 */
declare namespace Yingda {
  /** A signed word of your server (docs/guides/host-page.md), a function that fetches one, or null: nobody is logged in. */
  type Identity = string | (() => string | null | Promise<string | null>) | null;
  interface Events {
    /** The launcher stands on the page. */
    ready: () => void;
    open: () => void;
    close: () => void;
    /** A conversation began. */
    started: () => void;
    /** A conversation ended. */
    ended: () => void;
    /** Somebody of the staff said something. */
    message: () => void;
    unread: (count: number) => void;
    /** The customer you vouched for is in. */
    identified: (name: string) => void;
    /** A code, such as "identity.expired". */
    error: (code: string) => void;
  }
}

declare function yingda(command: 'open' | 'close' | 'toggle' | 'destroy' | 'init'): void;
declare function yingda(command: 'identify', identity: Yingda.Identity): void;
/** Large type (长辈版), as the page itself is shown: the panel follows, unless the visitor has chosen there. */
declare function yingda(command: 'care', on: boolean): void;
/** What the customer looks at now; agents see it. Call it on each change of route in a single-page app. */
declare function yingda(command: 'page', page: { url: string; title: string }): void;
declare function yingda<Name extends keyof Yingda.Events>(
  command: 'on' | 'off',
  name: Name,
  listener: Yingda.Events[Name],
): void;
