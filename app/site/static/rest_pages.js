// Each page of the old frontend: its calls wave by wave, and the answers put together.
//
// A row of the REST API has ids where the query has objects, so putting together is looking up by address what was
// asked. What the API does not tell at all is null: the old frontend did not show it.

const LARGEST_PAGE = 200;
const OPEN_WORK = 'open,doing';

// Of each page `(variables, answer) -> generator`: `answer(address)` is what an address answered.
export const PAGES = {
  * Matter({ id }, answer) {
    const here = `/api/matters/${id}`;
    const parts = ['members', 'tasks', 'documents', 'time_entries', 'invoices', 'events'].map((part) => `${here}/${part}`);
    const [members, tasks, documents, entries, invoices, events] = yield* whole(parts, [here]);
    const matter = answer(here);
    const client = `/api/clients/${matter.client_id}`;
    const known = users(
      [matter.lead_id], ids(members, 'user_id'), ids(tasks, 'assignee_id'), ids(documents, 'uploader_id'), ids(entries, 'user_id'));
    const [contacts, ...lists] = yield* whole([
      `${client}/contacts`,
      ...documents.map((it) => `/api/documents/${it.id}/versions`),
      ...tasks.map((it) => `/api/tasks/${it.id}/comments`),
      ...tasks.map((it) => `/api/tasks/${it.id}/tags`),
    ], [client, ...known]);
    const versions = lists.slice(0, documents.length);
    const comments = lists.slice(documents.length, documents.length + tasks.length);
    const tags = lists.slice(documents.length + tasks.length);
    const clientRow = answer(client);
    yield users([clientRow.owner_id], ...[...versions, ...comments].map((rows) => ids(rows, 'author_id')));

    const person = personOf(answer);
    return {
      matter: {
        ...matterFields(matter),
        description: matter.description,
        budgetCents: matter.budget_cents,
        openedAt: matter.opened_at,
        client: { ...clientFields(clientRow), owner: person(clientRow.owner_id), contacts: contacts.map(contactFields) },
        lead: person(matter.lead_id),
        members: members.map((it) => ({ role: constant(it.role), user: person(it.user_id) })),
        tasks: tasks.map((it, index) => ({
          ...taskFields(it),
          assignee: person(it.assignee_id),
          tags: tags[index].map(tagFields),
          comments: comments[index].map((one) => ({
            id: String(one.id), body: one.body, createdAt: one.created_at, author: person(one.author_id),
          })),
        })),
        documents: documents.map((it, index) => ({
          ...documentFields(it), uploader: person(it.uploader_id), versions: versions[index].map(versionFields(person)),
        })),
        timeEntries: entries.map((it) => ({ ...entryFields(it), user: person(it.user_id) })),
        invoices: invoices.map(invoiceFields),
        events: events.map(eventFields),
      },
    };
  },

  * Dashboard({ from }, answer) {
    const [{ user_id: me, organization_id: organizationId }] = yield ['/api/viewer'];
    const [user, organization, matters, tasks, events, notifications] = yield [
      userAt(me),
      `/api/organizations/${organizationId}`,
      address('/api/matters', { status: 'open', limit: 20 }),
      address(`/api/users/${me}/tasks`, { status: OPEN_WORK, limit: 20 }),
      address('/api/events', { starts_from: instant(from), limit: 10 }),
      address('/api/notifications', { unread: 'true', limit: 10 }),
    ];
    yield [
      ...users(ids(matters.items, 'lead_id')),
      ...clientsAt(ids(matters.items, 'client_id')),
      ...mattersOf(tasks.items, events.items, notifications.items),
    ];

    const person = personOf(answer);
    const matter = matterOf(answer);
    return {
      viewer: {
        ...person(user.id),
        role: constant(user.role),
        openTaskCount: tasks.total,
        organization: {
          id: String(organization.id), name: organization.name, plan: organization.plan, openMatterCount: matters.total,
        },
        assignedTasks: tasks.items.map((it) => ({ ...taskFields(it), matter: matter(it.matter_id) })),
        unread: { totalCount: notifications.total, nodes: notifications.items.map(notificationFields(matter)) },
      },
      openMatters: matters.items.map((it) => ({
        ...matterFields(it),
        openTaskCount: null,
        health: null,
        client: clientFields(answer(clientAt(it.client_id))),
        lead: person(it.lead_id),
      })),
      upcoming: events.items.map((it) => ({ ...eventFields(it), matter: matter(it.matter_id) })),
    };
  },

  * Client({ id }, answer) {
    const here = `/api/clients/${id}`;
    const parts = ['contacts', 'matters', 'invoices'].map((part) => `${here}/${part}`);
    const [contacts, matters, invoices] = yield* whole(parts, [here]);
    const client = answer(here);
    yield users([client.owner_id], ids(matters, 'lead_id'));

    const person = personOf(answer);
    const named = new Map(matters.map((it) => [it.id, matterFields(it)]));
    const sum = (...states) => invoices
      .filter((it) => states.includes(it.status))
      .reduce((total, it) => total + it.total_cents, 0);
    return {
      client: {
        ...clientFields(client),
        creditRating: null,
        openMatterCount: matters.filter((it) => it.status === 'open').length,
        invoicedCents: sum('sent', 'paid'),
        outstandingCents: sum('sent'),
        owner: person(client.owner_id),
        contacts: contacts.map(contactFields),
        matters: matters.map((it) => ({
          ...matterFields(it), openTaskCount: null, billedMinutes: null, health: null, lead: person(it.lead_id),
        })),
        invoices: invoices.map((it) => ({ ...invoiceFields(it), matter: named.get(it.matter_id) ?? null })),
      },
    };
  },

  * Document({ id }, answer) {
    const here = `/api/documents/${id}`;
    const [versions] = yield* whole([`${here}/versions`], [here]);
    const document = answer(here);
    const matterAddress = matterAt(document.matter_id);
    yield [matterAddress, ...users([document.uploader_id], ids(versions, 'author_id'))];
    const matter = answer(matterAddress);
    yield clientsAt([matter.client_id]);

    const person = personOf(answer);
    return {
      document: {
        ...documentFields(document),
        versionCount: versions.length,
        uploader: person(document.uploader_id),
        versions: versions.map(versionFields(person)).toReversed(),
        matter: { ...matterFields(matter), documentCount: null, client: clientFields(answer(clientAt(matter.client_id))) },
      },
    };
  },

  * Inbox({ filter, first = 50 }, answer) {
    const limit = Math.min(first, LARGEST_PAGE);
    const [notifications] = yield [address('/api/notifications', { ...filter && { unread: 'true' }, limit })];
    yield mattersOf(notifications.items);
    const nodes = notifications.items.map(notificationFields(matterOf(answer)));
    return {
      viewer: { unreadCount: filter ? notifications.total : null },
      inbox: {
        totalCount: notifications.total,
        pageInfo: { hasNextPage: nodes.length < notifications.total && nodes.length < LARGEST_PAGE },
        edges: nodes.map((node) => ({ node })),
      },
    };
  },

  * Calendar({ from, before, eventsAfter = 0, tasksAfter = 0 }, answer) {
    const [first, end] = [instant(from), instant(before)];
    const [events, tasks] = yield [
      address('/api/events', { starts_from: first, starts_before: end, limit: 100, ...further(eventsAfter) }),
      address('/api/tasks', { status: OPEN_WORK, due_from: first, due_before: end, limit: 100, ...further(tasksAfter) }),
    ];
    yield [...mattersOf(events.items), ...users(ids(tasks.items, 'assignee_id'))];

    const person = personOf(answer);
    const matter = matterOf(answer);
    return {
      events: connection(events, (it) => ({ ...eventFields(it), matter: matter(it.matter_id) })),
      // The matter of a task is known where an event is of the same one.
      due: connection(tasks, (it) => ({ ...taskFields(it), matter: matter(it.matter_id), assignee: person(it.assignee_id) })),
    };
  },

  * Billing({ unbilledAfter = 0, ...after }, answer) {
    const states = { drafts: 'draft', sent: 'sent', paid: 'paid', void: 'void' };
    const [entries, ...invoices] = turned(yield [
      ...Object.entries(states).map(([name, status]) =>
        address('/api/invoices', { status, limit: 20, ...further(after[`${name}After`]) })),
      address('/api/time_entries', { unbilled: 'true', limit: 50, ...further(unbilledAfter) }),
    ]);
    const listed = invoices.flatMap((it) => it.items);
    yield [
      ...clientsAt(ids(listed, 'client_id')),
      ...mattersOf(listed),
      ...users(ids(entries.items, 'user_id')),
    ];

    const person = personOf(answer);
    const matter = matterOf(answer);
    const invoice = (it) => ({
      ...invoiceFields(it), matter: matter(it.matter_id), client: clientFields(answer(clientAt(it.client_id))),
    });
    return {
      ...Object.fromEntries(Object.keys(states).map((name, index) => [name, connection(invoices[index], invoice)])),
      // The matter of an entry is known where an invoice above is of the same one.
      unbilled: connection(entries, (it) => ({
        ...entryFields(it), user: person(it.user_id), matter: { ...matter(it.matter_id), unbilledMinutes: null },
      })),
    };
  },

  * Search({ text }, answer) {
    const [{ items }] = yield [address('/api/search', { q: text })];
    const kinds = { matter: 'matters', client: 'clients', document: 'documents', user: 'users', task: 'tasks' };
    const rows = yield items.map((hit) => `/api/${kinds[hit.type]}/${hit.id}`);
    const found = items.map((hit, index) => [hit.type, rows[index]]);
    yield [
      ...clientsAt(found.filter(([kind]) => kind === 'matter').map(([, row]) => row.client_id)),
      ...mattersOf(found.filter(([kind]) => kind === 'document' || kind === 'task').map(([, row]) => row)),
    ];

    const matter = matterOf(answer);
    const results = {
      matter: (it) => ({ ...matterFields(it), matterStatus: constant(it.status), client: clientFields(answer(clientAt(it.client_id))) }),
      client: (it) => ({ ...clientFields(it), outstandingCents: null }),
      user: (it) => ({ ...personFields(it), email: it.email }),
      document: (it) => ({ ...documentFields(it), matter: matter(it.matter_id) }),
      task: (it) => ({ ...taskFields(it), taskStatus: constant(it.status), matter: matter(it.matter_id) }),
    };
    const name = (kind) => kind.charAt(0).toUpperCase() + kind.slice(1);
    return { search: found.map(([kind, row]) => ({ __typename: name(kind), ...results[kind](row) })) };
  },

  * Team(_variables, answer) {
    const [people] = yield* whole(['/api/users']);
    // A list of one row says its total, which is all that is shown of the tasks.
    const counts = people.map((it) => address(`${userAt(it.id)}/tasks`, { status: OPEN_WORK, limit: 1 }));
    const matters = yield* whole(people.map((it) => `${userAt(it.id)}/matters`), counts);
    return {
      viewer: { organization: { name: null, peopleCount: people.length } },
      people: people.map((it, index) => ({
        ...personFields(it),
        role: constant(it.role),
        email: it.email,
        lastSeenAt: it.last_seen_at,
        openTaskCount: answer(counts[index]).total,
        billedMinutes: null,
        ledMatters: matters[index].map(matterFields),
      })),
    };
  },
};

// Addresses

function address(path, parameters) {
  return `${path}?${new URLSearchParams(parameters)}`;
}

// Where a list goes on after so many rows.
const further = (offset) => offset ? { offset } : {};

const userAt = (id) => `/api/users/${id}`;
const clientAt = (id) => `/api/clients/${id}`;
const matterAt = (id) => `/api/matters/${id}`;

const ids = (rows, name) => rows.map((row) => row[name]).filter((id) => id !== null);
const users = (...groups) => groups.flat().map(userAt);
const clientsAt = (keys) => keys.map(clientAt);
const mattersOf = (...lists) => lists.flatMap((rows) => ids(rows, 'matter_id')).map(matterAt);

// Every row of each list: the first pages in one wave, and what is left of long lists in a second. `beside` goes out
// with the first wave.
function* whole(paths, beside = []) {
  const first = yield [...paths.map((path) => address(path, { limit: LARGEST_PAGE })), ...beside];
  const lists = paths.map((_, index) => [...first[index].items]);
  const left = [];
  paths.forEach((path, index) => {
    for (let offset = LARGEST_PAGE; offset < first[index].total; offset += LARGEST_PAGE) {
      left.push({ rows: lists[index], path: address(path, { limit: LARGEST_PAGE, offset }) });
    }
  });
  if (left.length) {
    const rest = yield left.map((it) => it.path);
    rest.forEach((answered, index) => left[index].rows.push(...answered.items));
  }
  return lists;
}

// The last first.
const turned = (list) => [list.at(-1), ...list.slice(0, -1)];

// "2025-01-31T00:00:00.000Z" as Python writes it.
const instant = (moment) => moment.replace(/(\.000)?Z$/, '+00:00');

// Rows in the shape of the query

const constant = (word) => word.toUpperCase();

function connection({ items, total, limit, offset }, shape) {
  const end = offset + items.length;
  return { totalCount: total, pageInfo: { hasNextPage: end < total && items.length === limit, endCursor: end }, nodes: items.map(shape) };
}

const personOf = (answer) => (id) => id === null ? null : personFields(answer(userAt(id)));
const matterOf = (answer) => (id) => {
  if (id === null) return null;
  const known = answer(matterAt(id));
  return known ? matterFields(known) : { id: String(id), reference: null, title: null };
};

const personFields = (it) => ({ id: String(it.id), name: it.name, title: it.title, avatarUrl: it.avatar_url });
const clientFields = (it) => ({ id: String(it.id), name: it.name, industry: it.industry, website: it.website });
const contactFields = (it) => ({ id: String(it.id), name: it.name, email: it.email, phone: it.phone });
const matterFields = (it) => ({
  id: String(it.id), reference: it.reference, title: it.title, status: constant(it.status), dueAt: it.due_at,
});
const taskFields = (it) => ({
  id: String(it.id), title: it.title, status: constant(it.status), priority: it.priority, dueAt: it.due_at,
});
const tagFields = (it) => ({ id: String(it.id), name: it.name, color: it.color });
const documentFields = (it) => ({
  id: String(it.id), title: it.title, kind: it.kind, sizeBytes: it.size_bytes, updatedAt: it.updated_at,
});
const versionFields = (person) => (it) => ({
  id: String(it.id), number: it.number, checksum: it.checksum, createdAt: it.created_at, author: person(it.author_id),
});
const entryFields = (it) => ({
  id: String(it.id), minutes: it.minutes, billable: it.billable, workedOn: it.worked_on, note: it.note,
});
const invoiceFields = (it) => ({
  id: String(it.id), number: it.number, status: constant(it.status), totalCents: it.total_cents, issuedOn: it.issued_on, dueOn: it.due_on,
});
const eventFields = (it) => ({ id: String(it.id), title: it.title, startsAt: it.starts_at, endsAt: it.ends_at, location: it.location });
const notificationFields = (matter) => (it) => ({
  id: String(it.id), kind: it.kind, body: it.body, createdAt: it.created_at, readAt: it.read_at, matter: matter(it.matter_id),
});
