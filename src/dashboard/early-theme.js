// Light or dark, before anything is painted; lib/theme.ts goes on with it. A classic script, so that the browser waits.
/* global document, localStorage, matchMedia */
document.documentElement.dataset.theme = localStorage.getItem('trainyard-theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
