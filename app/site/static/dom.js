// Elements from data. Text always becomes a text node, so nothing in an answer can become markup.

const SVG = 'http://www.w3.org/2000/svg';
// Which addresses from data may become links. `javascript:` is not among them.
const LINKS = /^(https?:\/\/|mailto:|tel:|\/(?![/\\])|#)/i;

// An element: `h('a', { href: '/', class: 'card', onclick }, 'text', child, [more])`. Children and attributes that are
// null, undefined or false are left out.
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name !== 'href' || LINKS.test(value)) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...present(children));
  return element;
}

// What of `children` is there, flat: for `append` and `replaceChildren`.
export function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', new URL(`icons.svg#${name}`, import.meta.url));
  svg.append(use);
  return svg;
}
