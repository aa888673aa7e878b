/** What an operator copies into its pages. */
export function scriptTag(service: string, key: string, locale: string): string {
  return `<script src="${service}/widget.js" data-key="${key}" data-locale="${locale}" async></script>`;
}

/** A file of the page's own, because many pages forbid scripts between their lines. */
export function identityScript(): string {
  return `// In a script file of your page, before the line above
window.yingda = window.yingda || function () { (yingda.q = yingda.q || []).push(arguments); };
yingda('identify', () => fetch('/yingda-token').then((r) => (r.ok ? r.text() : null)));`;
}

/** In a web view of an app the panel stands alone. */
export function webViewAddress(service: string, key: string, locale: string): string {
  return `${service}/widget/panel.html?${new URLSearchParams({ key, locale })}`;
}

/** What the page's own content policy must allow. */
export function policyOf(service: string): string {
  return `script-src ${service}; frame-src ${service}; connect-src ${service}`;
}
