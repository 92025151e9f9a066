// A task wherever it is shown: what can be changed of it, in place, and what was said about it.

import { refusal } from './actions.js';
import { dayOf, startOf } from './days.js';
import { h, icon } from './dom.js';
import { plural, words } from './format.js';
import { URGENCY, avatar, due, matterLink, priority, tag, time } from './parts.js';

const STATES = ['OPEN', 'DOING', 'DONE'];
const TITLE_LIMIT = 200;
const TEXT_LIMIT = 10_000;
// When a day of work ends: what is due on a day is due then, unless it was due at some hour before.
const CLOSING_HOUR = 17;

const placeOf = (task) => `task-${task.id}`;

// A task in a list of tasks of several matters; a list that is of one day leaves the date out.
export function taskRow(task, context, { isDated = true } = {}) {
  const isDone = task.status === 'DONE';
  return h(
    'li', { class: 'row', key: task.id, mark: true },
    taskState(task, context),
    h('div', { class: 'grow' },
      h('a', { href: `/matters/${task.matter.id}#task-${task.id}`, class: isDone && 'done' }, task.title),
      h('small', {}, matterLink(task.matter))),
    h('span', { class: 'facts' },
      priority(task.priority),
      isDated && due(task.dueAt, !isDone),
      task.assignee && avatar(task.assignee)),
    h('button', {
      type: 'button', class: 'quiet finish', disabled: isDone, title: 'Finish', 'aria-label': `Finish “${task.title}”`,
      onclick: () => setStatus(task, context, 'DONE'),
    }, icon('check')),
    refusal(context, placeOf(task)),
  );
}

// A task on its matter's page, its comments folded. `people` are those who may take it; it is the one at `index` of
// `count` tasks.
export function taskItem(task, context, { people, index, count }) {
  const thread = `thread-${task.id}`;
  const unfolded = context.keep('unfolded', new Set());
  const isUnfolded = unfolded.has(task.id);
  const label = plural(task.comments.length, 'comment');
  const toggle = () => {
    if (!unfolded.delete(task.id)) unfolded.add(task.id);
    context.show();
  };
  return h(
    'li', { class: 'task', id: placeOf(task), key: task.id, mark: true, 'aria-busy': task.isNew && 'true' },
    h('div', { class: 'row' },
      taskState(task, context),
      h('div', { class: 'grow' },
        title(task, context),
        h('span', { class: 'tags' }, task.tags.map(tag)),
        refusal(context, placeOf(task))),
      h('span', { class: 'facts' }, urgency(task, context), dueDate(task, context), assignee(task, context, people)),
      h('span', { class: 'moves' },
        mover('up', `Move “${task.title}” up`, index > 0 && (() => move(task, context, index - 1))),
        mover('down', `Move “${task.title}” down`, index < count - 1 && (() => move(task, context, index + 1)))),
      h('button', {
        type: 'button', class: 'quiet comments', 'aria-controls': thread, 'aria-expanded': String(isUnfolded),
        'aria-label': `${label} on “${task.title}”`, title: label, disabled: task.isNew, onclick: toggle,
      }, icon('comment'), String(task.comments.length))),
    h('div', { class: 'thread', id: thread, hidden: !isUnfolded }, isUnfolded && comments(task, context)),
  );
}

// A field for one more task of a matter.
export function newTask(matter, context) {
  return h('form', {
    class: 'write add', key: 'new-task',
    onsubmit: async (event) => {
      event.preventDefault();
      const form = event.currentTarget;
      const [field] = form.elements;
      const words = field.value;
      const known = new Set(matter.tasks.map((task) => task.id));
      form.reset();
      const created = await context.change('new-task', 'CreateTask', { matterId: matter.id, title: words }, {
        now: (data) => {
          const isThere = data.matter.tasks.some((task) => task.title === words.trim() && !known.has(task.id));
          if (!isThere) data.matter.tasks.push(draft(words));
        },
        then: (data, { task }) => {
          const isThere = data.matter.tasks.some((it) => it.id === task.id);
          if (!isThere) data.matter.tasks.push({ ...task, comments: [] });
        },
      });
      // Nothing that was written is lost; what was begun meanwhile stays.
      if (!created && field.value === '') field.value = words;
    },
  },
  h('input', { name: 'title', required: true, maxlength: TITLE_LIMIT, placeholder: 'Add a task …', 'aria-label': 'Title of a new task' }),
  h('button', { type: 'submit', class: 'small' }, 'Add'),
  refusal(context, 'new-task'));
}

const draft = (words) => ({
  id: `new-${words}`, isNew: true, title: words, status: 'OPEN', priority: 3, dueAt: null, assignee: null, tags: [], comments: [],
});

// Where the task stands.
function taskState(task, context) {
  return h('select', {
    class: `state ${task.status}`, 'aria-label': `Status of “${task.title}”`, value: task.status, disabled: task.isNew,
    onchange: ({ currentTarget }) => setStatus(task, context, currentTarget.value),
  }, STATES.map((state) => h('option', { value: state }, words(state))));
}

function urgency(task, context) {
  return h('select', {
    class: `subtle p${task.status === 'DONE' ? '' : task.priority}`, 'aria-label': `Priority of “${task.title}”`,
    value: String(task.priority), disabled: task.isNew,
    onchange: ({ currentTarget }) => {
      const value = Number(currentTarget.value);
      update(task, context, { priority: value }, { priority: value });
    },
  }, URGENCY.map((name, value) => value > 0 && h('option', { value: String(value) }, name)));
}

// A face over which lies a choice of people.
function assignee(task, context, people) {
  const chosen = task.assignee?.id ?? '';
  return h('span', { class: 'assignee', title: task.assignee?.name ?? 'Nobody' },
    task.assignee ? avatar(task.assignee) : h('span', { class: 'avatar nobody', 'aria-hidden': 'true' }, '+'),
    h('select', {
      'aria-label': `Assignee of “${task.title}”`, value: chosen, disabled: task.isNew,
      onchange: ({ currentTarget }) => {
        const person = people.find((it) => it.id === currentTarget.value) ?? null;
        update(task, context, { assigneeId: person?.id ?? null }, { assignee: person });
      },
    }, h('option', { value: '', key: '' }, 'Nobody'), people.map((it) => h('option', { value: it.id, key: it.id }, it.name))));
}

// The title, or the field in which it is changed. Enter keeps it, Escape leaves it as it was; while it is open nothing
// else touches what is typed.
function title(task, context) {
  const editors = context.keep('titles', new Map());
  const editor = editors.get(task.id);
  const isDone = task.status === 'DONE';
  if (!editor?.isOpen) {
    return h('button', {
      type: 'button', class: `title ${isDone ? 'done' : ''}`, title: 'Rename', disabled: task.isNew, focus: editor !== undefined,
      onclick: () => open({ isOpen: true, text: task.title, before: task.title }),
    }, task.title);
  }
  return h('form', {
    class: 'editor', key: `title-${task.id}`,
    onsubmit: async (event) => {
      event.preventDefault();
      const text = event.currentTarget.elements.title.value;
      open({ isOpen: false });
      if (text.trim() === task.title) return;
      const payload = await update(task, context, { title: text }, { title: text.trim() });
      if (!payload && !editors.get(task.id).isOpen) open({ isOpen: true, text, before: editor.before });
    },
    onkeydown: (event) => {
      if (event.key === 'Escape') open({ isOpen: false });
    },
  },
  h('input', { name: 'title', initial: editor.text, focus: true, required: true, maxlength: TITLE_LIMIT, 'aria-label': `New title of “${task.title}”` }),
  h('button', { type: 'submit', class: 'small' }, 'Save'),
  h('button', { type: 'button', class: 'small quiet', onclick: () => open({ isOpen: false }) }, 'Cancel'),
  task.title !== editor.before && h('small', { role: 'status' }, 'Meanwhile it became “', h('b', {}, task.title), '”.'));

  function open(next) {
    editors.set(task.id, next);
    context.show();
  }
}

// The day on which it is due, or the field in which that is changed.
function dueDate(task, context) {
  const editors = context.keep('dues', new Map());
  const isOpen = editors.get(task.id);
  if (!isOpen) {
    return h('button', {
      type: 'button', class: 'subtle due', title: 'Change when it is due', disabled: task.isNew, focus: isOpen === false,
      onclick: () => open(true),
    }, due(task.dueAt, task.status !== 'DONE'), h('span', { class: 'unseen' }, ' – when it is due'));
  }
  return h('form', {
    class: 'editor', key: `due-${task.id}`,
    onsubmit: (event) => {
      event.preventDefault();
      const day = event.currentTarget.elements.day.value;
      open(false);
      const dueAt = day ? endOf(day, task.dueAt) : null;
      update(task, context, { dueAt }, { dueAt });
    },
    onkeydown: (event) => {
      if (event.key === 'Escape') open(false);
    },
  },
  h('input', {
    type: 'date', name: 'day', focus: true, initial: task.dueAt ? dayOf(new Date(task.dueAt)) : '', min: '1900-01-01', max: '2199-12-31',
    'aria-label': `Due date of “${task.title}”, empty for none`,
  }),
  h('button', { type: 'submit', class: 'small' }, 'Set'),
  h('button', { type: 'button', class: 'small quiet', onclick: () => open(false) }, 'Cancel'));

  function open(next) {
    editors.set(task.id, next);
    context.show();
  }
}

function endOf(day, before) {
  const moment = startOf(day);
  const old = before && new Date(before);
  moment.setHours(old ? old.getHours() : CLOSING_HOUR, old ? old.getMinutes() : 0, old ? old.getSeconds() : 0);
  return moment.toISOString();
}

function mover(name, label, action) {
  return h('button', { type: 'button', class: 'quiet', key: name, title: words(`move ${name}`), 'aria-label': label, disabled: !action, onclick: action || null }, icon(name));
}

function move(task, context, index) {
  return context.change(placeOf(task), 'MoveTask', { taskId: task.id, position: index }, {
    now: ({ matter }) => {
      const from = matter.tasks.findIndex((it) => it.id === task.id);
      if (from >= 0) matter.tasks.splice(index, 0, ...matter.tasks.splice(from, 1));
    },
    then: ({ matter }, payload) => {
      const places = new Map(payload.task.matter.tasks.map(({ id, position }) => [id, position]));
      matter.tasks.sort((one, other) => (places.get(one.id) ?? Infinity) - (places.get(other.id) ?? Infinity) || 0);
    },
  });
}

function setStatus(task, context, status) {
  return update(task, context, { status }, { status });
}

// Change a task by `input`, which is shown as `fields` until the site has answered.
function update(task, context, input, fields) {
  return context.change(placeOf(task), 'UpdateTask', { taskId: task.id, ...input }, {
    now: (data) => assign(data, task.id, fields),
    then: (data, { task: changed }) => assign(data, task.id, Object.fromEntries(Object.keys(fields).map((name) => [name, changed[name]]))),
  });
}

function assign(data, id, fields) {
  const task = (data.matter?.tasks ?? data.viewer?.assignedTasks ?? data.due?.nodes).find((it) => it.id === id);
  if (!task) return;
  const wasDone = task.status === 'DONE';
  Object.assign(task, fields);
  const isDone = task.status === 'DONE';
  if (data.viewer && wasDone !== isDone) data.viewer.openTaskCount += isDone ? -1 : 1;
}

function comments(task, context) {
  const place = `comment-${task.id}`;
  return [
    h('ol', { class: 'said' }, task.comments.map(comment)),
    h('form', {
      class: 'write', key: place,
      onsubmit: async (event) => {
        event.preventDefault();
        const [field] = event.currentTarget.elements;
        const text = field.value;
        const known = new Set(task.comments.map((it) => it.id));
        field.value = '';
        const said = await context.change(place, 'AddComment', { taskId: task.id, body: text }, {
          now: (data) => withComments(data, task.id, (list) => {
            const isThere = list.some((it) => !known.has(it.id) && it.body === text.trim() && it.author.id === context.me.id);
            if (!isThere) list.push({ id: `new-${known.size}`, isNew: true, body: text, createdAt: new Date().toISOString(), author: context.me });
          }),
          then: (data, { comment: { task: _, ...added } }) => withComments(data, task.id, (list) => {
            if (!list.some((it) => it.id === added.id)) list.push(added);
          }),
        });
        if (!said && field.value === '') field.value = text;
      },
    },
    h('textarea', {
      name: 'body', rows: 2, required: true, maxlength: TEXT_LIMIT, placeholder: 'Write a comment …', 'aria-label': `Comment on “${task.title}”`,
      onkeydown: (event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form.requestSubmit();
      },
    }),
    h('button', { type: 'submit', class: 'small' }, 'Comment'),
    refusal(context, place)),
  ];
}

function withComments(data, taskId, apply) {
  const task = data.matter.tasks.find((it) => it.id === taskId);
  if (task) apply(task.comments);
}

function comment({ id, body, createdAt, author, isNew }) {
  return h(
    'li', { key: id, mark: true, 'aria-busy': isNew && 'true' },
    avatar(author),
    h('div', {}, h('p', { class: 'by' }, h('b', {}, author.name), ' ', time(createdAt)), h('p', {}, body)),
  );
}
