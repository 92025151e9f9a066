import { h, icon } from '../dom.js';
import { count, date, hours, plural, pounds, size, words } from '../format.js';
import { invoiceTable } from '../invoices.js';
import { avatar, card, chip, clientLink, contacts, day, documentLink, due, heading, person, stats, table, time, websiteLink } from '../parts.js';
import { newTask, taskItem } from '../tasks.js';
import { eventItem } from '../events.js';

const sum = (rows, value) => rows.reduce((total, row) => total + value(row), 0);

export default {
  isLive: true,
  presence: ({ id }) => ({ matterId: id }),
  events: ({ id }) => ({ CommentAdded: { matterId: id }, NotificationReceived: {} }),
  variables: ({ id }) => ({ id }),
  title: ({ matter }) => matter.title,
  told: (event, said, state) => TOLD[event](said, state),
  draw({ matter }, context) {
    if (!matter) return null;
    const people = takers(matter);
    const sent = (data, { invoice }) => {
      const found = data.matter.invoices.find((it) => it.id === invoice.id);
      if (found) found.status = invoice.status;
    };
    return [
      heading({
        above: [matter.reference, ' · ', clientLink(matter.client)],
        title: matter.title,
        chips: chip(matter.status),
        below: matter.description,
        beside: here(context.present, context.me),
      }),
      figures(matter),
      h('div', { class: 'columns' },
        h('div', {},
          card('Tasks', { note: plural(matter.tasks.length, 'task'), flush: true },
            h('ol', { class: 'rows tasks' }, matter.tasks.map((task, index) =>
              taskItem(task, context, { people, index, count: matter.tasks.length }))),
            newTask(matter, context)),
          card('Documents', { note: plural(matter.documents.length, 'document'), flush: true }, documents(matter.documents)),
          card('Time', { note: hours(sum(matter.timeEntries, (entry) => entry.minutes)), flush: true }, timeEntries(matter.timeEntries)),
          card('Invoices', { note: plural(matter.invoices.length, 'invoice'), flush: true },
            invoiceTable(matter.invoices, context, { isNamed: false, sent })),
        ),
        h('aside', {}, facts(matter), client(matter.client), team(matter), events(matter.events)),
      ),
    ];
  },
};

// What is said of an event in a corner; nothing of what the reader did.
const TOLD = {
  CommentAdded({ author, task }, state) {
    return author.id !== state.me.id && {
      face: avatar(author),
      words: [h('b', {}, author.name), ` commented on “${task.title}”`],
      href: `#task-${task.id}`,
      label: 'Show',
      onfollow() {
        state.keep('unfolded', new Set()).add(task.id);
        state.show();
      },
    };
  },
  NotificationReceived: ({ body }) => ({ face: icon('inbox'), words: body, href: '/inbox', label: 'Inbox' }),
};

// Who may take a task: whom the page knows.
function takers({ lead, members, tasks }) {
  const people = [lead, ...members.map((it) => it.user), ...tasks.map((it) => it.assignee).filter(Boolean)];
  return [...new Map(people.map((it) => [it.id, it])).values()].sort((one, other) => one.name.localeCompare(other.name));
}

// Who else has this page open.
function here(present, me) {
  const others = (present ?? []).filter((it) => it.id !== me.id);
  return h('ul', { class: 'here', 'aria-label': 'Also here', mark: true },
    others.map((it) => h('li', { key: it.id }, avatar(it), h('span', { class: 'unseen' }, it.name))),
    others.length > 0 && h('li', { class: 'muted', key: 'words', 'aria-hidden': 'true' },
      others.length === 1 ? `${others[0].name.split(' ')[0]} is here too` : `${others.length} others are here`));
}

function figures(matter) {
  const open = matter.tasks.filter((task) => task.status !== 'DONE');
  const late = open.filter((task) => task.dueAt && new Date(task.dueAt) < new Date());
  const billable = sum(matter.timeEntries.filter((entry) => entry.billable), (entry) => entry.minutes);
  const inState = (...states) => sum(matter.invoices.filter((it) => states.includes(it.status)), (it) => it.totalCents);
  return stats(
    ['Open tasks', count(open.length), late.length ? `${late.length} overdue` : `of ${matter.tasks.length}`, late.length > 0 && 'bad'],
    ['Billable time', hours(billable), `of ${hours(sum(matter.timeEntries, (entry) => entry.minutes))}`],
    ['Outstanding', pounds(inState('SENT')), `${pounds(inState('PAID'))} paid`],
    ['Budget', pounds(matter.budgetCents), `${pounds(inState('SENT', 'PAID'))} invoiced`],
  );
}

function facts({ lead, openedAt, dueAt, status }) {
  return card('', {}, h('dl', { class: 'facts-list' },
    h('dt', {}, 'Lead'), h('dd', {}, person(lead, lead.title)),
    h('dt', {}, 'Opened'), h('dd', {}, time(openedAt, date)),
    h('dt', {}, 'Due'), h('dd', {}, due(dueAt, status !== 'CLOSED')),
  ));
}

function client({ industry, website, owner, contacts: people, ...rest }) {
  return card('Client', {},
    h('p', {}, h('b', {}, clientLink(rest)), h('br'), h('span', { class: 'muted' }, industry)),
    website && h('p', {}, websiteLink(website)),
    h('p', {}, person(owner, 'Looks after the client')),
    contacts(people),
  );
}

function team({ members }) {
  return card('Team', { note: plural(members.length, 'person', 'people') },
    h('ul', { class: 'people-list' }, members.map(({ role, user }) => h('li', { key: user.id, mark: true }, person(user, user.title), chip(role)))));
}

function events(list) {
  return card('Events', { note: count(list.length) }, h('ul', { class: 'events' }, list.map((it) => eventItem(it))));
}

function documents(list) {
  return table(list, [
    ['Title', documentLink],
    ['Kind', (it) => h('span', { class: 'chip' }, words(it.kind)), 'minor'],
    ['Uploaded by', (it) => person(it.uploader), 'minor'],
    ['Versions', (it) => h('span', { class: 'stack', title: it.versions.map((version) => `${version.number}: ${version.author.name}`).join('\n') },
      String(it.versions.length), it.versions.map((version) => avatar(version.author))), 'minor'],
    ['Changed', (it) => time(it.updatedAt)],
    ['Size', (it) => size(it.sizeBytes), 'num'],
  ], { most: 8, empty: 'No documents.' });
}

function timeEntries(list) {
  return table(list.toReversed(), [
    ['Day', (it) => day(it.workedOn)],
    ['Who', (it) => person(it.user)],
    ['Note', (it) => it.note, 'minor'],
    ['', (it) => it.billable ? null : h('span', { class: 'chip' }, 'Not billed'), 'minor'],
    ['Time', (it) => hours(it.minutes), 'num'],
  ], { most: 8, empty: 'Nobody has logged time.' });
}
