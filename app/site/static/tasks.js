// A task wherever it is shown: its state, which can be changed, and what was said about it.

import { attempt } from './actions.js';
import { h, icon } from './dom.js';
import { plural, words } from './format.js';
import { avatar, due, matterLink, priority, tag, time } from './parts.js';

const STATES = ['OPEN', 'DOING', 'DONE'];

// Where the task stands, to be changed; `onchange(task)` hears of what changed.
export function taskState(task, { change }, onchange) {
  const place = h('span', { class: 'action' });
  const choice = h(
    'select', { class: `state ${task.status}`, 'aria-label': `Status of “${task.title}”` },
    STATES.map((state) => h('option', { value: state, selected: state === task.status }, words(state))),
  );
  choice.addEventListener('change', () => attempt(place, async () => {
    try {
      const payload = await change('UpdateTask', { taskId: task.id, status: choice.value });
      task.status = payload.task.status;
    } finally {
      choice.value = task.status;
      choice.className = `state ${task.status}`;
    }
    onchange?.(task);
  }));
  place.append(choice);
  return place;
}

// A task in a list of tasks of several matters; a list that is of one day leaves the date out.
export function taskRow(task, context, { isDated = true } = {}) {
  return h(
    'li', { class: 'row' },
    taskState(task, context),
    h('div', { class: 'grow' },
      h('a', { href: `/matters/${task.matter.id}#task-${task.id}` }, task.title),
      h('small', {}, matterLink(task.matter))),
    h('span', { class: 'facts' },
      priority(task.priority),
      isDated && due(task.dueAt, task.status !== 'DONE'),
      task.assignee && avatar(task.assignee)),
  );
}

// A task on its matter's page, its comments folded.
export function taskItem(task, context, onchange) {
  const thread = h('div', { class: 'thread', id: `thread-${task.id}`, hidden: true });
  const title = h('span', { class: 'title' }, task.title);
  const facts = h('span', { class: 'facts' });
  const toggle = h('button', { type: 'button', class: 'quiet comments', 'aria-controls': thread.id, 'aria-expanded': 'false' });
  toggle.addEventListener('click', () => {
    thread.hidden = !thread.hidden;
    toggle.setAttribute('aria-expanded', String(!thread.hidden));
    if (!thread.hidden && !thread.hasChildNodes()) thread.append(...comments(task, context, count));
  });
  const item = h(
    'li', { class: 'task', id: `task-${task.id}` },
    h(
      'div', { class: 'row' },
      taskState(task, context, (changed) => { show(); onchange?.(changed); }),
      h('div', { class: 'grow' }, title, h('span', { class: 'tags' }, task.tags.map(tag))),
      facts,
      toggle,
    ),
    thread,
  );
  show();
  count();
  return item;

  function show() {
    const isOpen = task.status !== 'DONE';
    title.classList.toggle('done', !isOpen);
    facts.replaceChildren(priority(task.priority, isOpen), due(task.dueAt, isOpen), task.assignee ? avatar(task.assignee) : '');
  }

  function count() {
    const label = plural(task.comments.length, 'comment');
    toggle.replaceChildren(icon('comment'), String(task.comments.length));
    toggle.setAttribute('aria-label', label);
    toggle.title = label;
  }
}

function comments(task, { change }, oncomment) {
  const list = h('ol', { class: 'said' }, task.comments.map(comment));
  const text = h('textarea', {
    name: 'body', rows: 2, required: true, maxlength: 10_000, placeholder: 'Write a comment …', 'aria-label': `Comment on “${task.title}”`,
  });
  const form = h('form', { class: 'write' }, text, h('button', { type: 'submit', class: 'small' }, 'Comment'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(form, async () => {
      const payload = await change('AddComment', { taskId: task.id, body: text.value });
      task.comments.push(payload.comment);
      list.append(comment(payload.comment));
      form.reset();
      oncomment();
    });
  });
  return [list, form];
}

function comment({ body, createdAt, author }) {
  return h(
    'li', {},
    avatar(author),
    h('div', {}, h('p', { class: 'by' }, h('b', {}, author.name), ' ', time(createdAt)), h('p', {}, body)),
  );
}
