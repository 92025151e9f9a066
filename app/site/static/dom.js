// Elements from data, drawn by difference: what is there already stays, with its focus, its scroll and what was typed.
//
// `h` describes an element, `draw` makes a host's children look as described. Pages describe all of themselves whenever
// something changed; nobody touches an element otherwise. Text always becomes a text node, so nothing in an answer can
// become markup.

const SVG = 'http://www.w3.org/2000/svg';
const DRAWINGS = new Set(['svg', 'use']);
// Which addresses from data may become links. `javascript:` is not among them.
const LINKS = /^(https?:\/\/|mailto:|tel:|\/(?![/\\])|#)/i;
// What tells `draw` something and is no attribute.
const WORDS = new Set(['key', 'mark', 'focus', 'initial', 'value']);
// Changes of these are seen, or are what a control says.
const SEEN = new Set(['class', 'src', 'value', 'datetime', 'href']);

// Of each node that was drawn: as what, and which children.
const known = new WeakMap();

// An element: `h('a', { href: '/', class: 'card', onclick }, 'text', child, [more])`. Children and attributes that are
// null, undefined or false are left out. Attributes of its own kind:
//   key      who this is among its siblings, so that it is the same element wherever it goes
//   mark     what changes inside is a change of this element: `draw` gives the elements that changed
//   focus    takes the focus when it is made
//   initial  what a field holds when it is made; later it is the reader's
//   value    what a select shows
//   --name   a property for the style sheet
export function h(tag, attributes, ...children) {
  return { tag, attributes: attributes ?? {}, children: present(children) };
}

export function icon(name) {
  const href = String(new URL(`icons.svg#${name}`, import.meta.url));
  return h('svg', { class: 'icon', 'aria-hidden': 'true' }, h('use', { href }));
}

// Make the children of `host` what `children` describe. Gives the marked elements that look different now.
export function draw(host, ...children) {
  if (!known.has(host)) {
    host.replaceChildren();
    known.set(host, { attributes: {}, nodes: [] });
  }
  const focused = document.activeElement;
  const around = ancestors(focused, host);
  const top = around.length > 0 ? topOf(focused) : null;
  const drawing = { changed: new Set(), entering: null };
  drawChildren(host, present(children), drawing);
  if (drawing.entering) enter(drawing.entering);
  else if (around.length && document.activeElement !== focused) refocus(focused, around);
  // What somebody works at stays under their eyes.
  if (top !== null && focused.isConnected) scrollBy({ top: focused.getBoundingClientRect().top - top, behavior: 'instant' });
  return drawing.changed;
}

// What of `children` is there, flat.
function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== '');
}

// Gives whether something that is seen changed outside of any marked element.
function drawChildren(parent, wanted, drawing) {
  const memory = known.get(parent);
  const keyed = new Map();
  const others = [];
  for (const node of memory.nodes) {
    const { key } = known.get(node).attributes;
    if (key === undefined) others.push(node);
    else keyed.set(String(key), node);
  }
  let isChanged = false;
  const nodes = wanted.map((description) => {
    const node = taken(description, keyed, others);
    if (node) isChanged = redraw(node, description, drawing) || isChanged;
    else if (!description.attributes?.mark) isChanged = true;
    return node ?? make(description, drawing);
  });
  const staying = new Set(nodes);
  for (const node of memory.nodes) {
    if (staying.has(node)) continue;
    node.remove();
    isChanged = true;
  }
  let place = parent.firstChild;
  for (const node of nodes) {
    // What holds the focus stays where it is, and the others make way: moved, it would lose the focus or scroll the page.
    if (node !== place && node.parentNode === parent && node.contains(document.activeElement)) {
      while (place !== node) {
        const next = place.nextSibling;
        move(parent, place, null);
        place = next;
      }
    }
    if (node === place) place = place.nextSibling;
    else move(parent, node, place);
  }
  memory.nodes = nodes;
  return isChanged;
}

function move(parent, node, place) {
  if (node.parentNode === parent && parent.isConnected && parent.moveBefore) parent.moveBefore(node, place);
  else parent.insertBefore(node, place);
}

// The node that is what `description` is about: the one of its key, or the next of its kind.
function taken(description, keyed, others) {
  const { key } = description.attributes ?? {};
  if (key !== undefined) {
    const node = keyed.get(String(key));
    keyed.delete(String(key));
    return node && known.get(node).tag === description.tag ? node : null;
  }
  const index = others.findIndex((node) => known.get(node).tag === description.tag);
  return index < 0 ? null : others.splice(0, index + 1).at(-1);
}

function make(description, drawing) {
  if (description.tag === undefined) {
    const text = document.createTextNode(String(description));
    known.set(text, { attributes: {}, nodes: [] });
    return text;
  }
  const { tag, attributes, children } = description;
  const element = DRAWINGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  known.set(element, { tag, attributes: {}, nodes: [], heard: new Set() });
  setAttributes(element, attributes);
  drawChildren(element, children, drawing);
  if (attributes.initial !== undefined) element.value = attributes.initial;
  if (attributes.value !== undefined) element.value = attributes.value;
  if (attributes.focus) drawing.entering = element;
  if (attributes.mark) drawing.changed.add(element);
  return element;
}

function redraw(node, description, drawing) {
  if (description.tag === undefined) {
    if (node.data === String(description)) return false;
    node.data = String(description);
    return true;
  }
  const { attributes, children } = description;
  const before = known.get(node).attributes;
  let isChanged = setAttributes(node, attributes);
  isChanged = drawChildren(node, children, drawing) || isChanged;
  if (attributes.value !== before.value) node.value = attributes.value;
  // "3 minutes ago" goes on by itself: only another moment is a change.
  if (description.tag === 'time') isChanged = attributes.datetime !== before.datetime;
  if (!attributes.mark) return isChanged;
  if (isChanged) drawing.changed.add(node);
  return false;
}

// Gives whether one that is seen changed.
function setAttributes(element, attributes) {
  const memory = known.get(element);
  const before = memory.attributes;
  memory.attributes = attributes;
  let isChanged = false;
  for (const name of new Set([...Object.keys(before), ...Object.keys(attributes)])) {
    const value = attributes[name];
    if (name.startsWith('on')) listen(element, name.slice(2), memory.heard);
    if (value === before[name] || name.startsWith('on')) continue;
    if (SEEN.has(name)) isChanged = true;
    if (WORDS.has(name)) continue;
    const isAbsent = value === null || value === undefined || value === false;
    if (name.startsWith('--')) element.style.setProperty(name, value ?? '');
    else if (isAbsent || (name === 'href' && element.localName === 'a' && !LINKS.test(value))) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : value);
  }
  return isChanged;
}

// One listener for an element's whole life, which calls what was described last.
function listen(element, type, heard) {
  if (heard.has(type)) return;
  heard.add(type);
  element.addEventListener(type, (event) => known.get(element).attributes[`on${type}`]?.(event));
}

// Where it is in the window, null where it is not in it.
function topOf(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight ? top : null;
}

function ancestors(element, host) {
  if (!element || element === host || !host.contains(element)) return [];
  const found = [];
  for (let it = element.parentElement; it && it !== host; it = it.parentElement) found.push(it);
  return [...found, host];
}

// Where there is no `moveBefore`, what is moved loses the focus; and what has gone leaves it to what was around it.
function refocus(focused, around) {
  const place = [focused, ...around].find((it) => it.isConnected);
  if (place !== focused && place.tabIndex < 0 && !place.hasAttribute('tabindex')) place.setAttribute('tabindex', '-1');
  place?.focus({ preventScroll: true });
}

function enter(element) {
  element.focus();
  if (element.localName === 'input') element.select();
}
