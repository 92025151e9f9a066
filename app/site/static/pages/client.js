import { dayOf } from '../days.js';
import { h } from '../dom.js';
import { count, hours, plural, pounds } from '../format.js';
import { invoiceTable } from '../invoices.js';
import { card, chip, contacts, due, heading, matterLink, person, stats, table, websiteLink } from '../parts.js';

export default {
  variables: ({ id }) => ({ id, today: dayOf(new Date()) }),
  title: ({ client }) => client.name,
  draw({ client }, context) {
    if (!client) return null;
    return [
      heading({
        above: client.industry,
        title: client.name,
        below: websiteLink(client.website),
      }),
      stats(
        ['Open matters', count(client.openMatterCount), `of ${client.matters.length}`],
        ['Invoiced', pounds(client.invoicedCents)],
        ['Outstanding', pounds(client.outstandingCents), client.outstandingCents > 0 && 'sent, not paid yet'],
        ['Credit rating', client.creditRating ?? '–', client.creditRating ? 'by the agency' : 'not known'],
      ),
      h('div', { class: 'columns' },
        h('div', {},
          card('Matters', { note: plural(client.matters.length, 'matter'), flush: true }, matters(client.matters)),
          card('Invoices', { note: plural(client.invoices.length, 'invoice'), flush: true },
            invoiceTable(client.invoices, context, { sent })),
        ),
        h('aside', {},
          card('Looked after by', {}, h('p', {}, person(client.owner, client.owner.title))),
          card('Contacts', { note: count(client.contacts.length) }, contacts(client.contacts)),
        ),
      ),
    ];
  },
};

function sent({ client }, { invoice }) {
  const found = client.invoices.find((it) => it.id === invoice.id);
  if (!found || found.status === invoice.status) return;
  found.status = invoice.status;
  client.invoicedCents += invoice.totalCents;
  client.outstandingCents = invoice.client.outstandingCents;
}

function matters(list) {
  return table(list, [
    ['Matter', (it) => [matterLink(it), h('small', {}, it.reference)]],
    ['Status', (it) => chip(it.status)],
    ['Lead', (it) => person(it.lead), 'minor'],
    ['Due', (it) => due(it.dueAt, it.status !== 'CLOSED'), 'minor'],
    ['Open tasks', (it) => [count(it.openTaskCount), h('small', {}, hours(it.billedMinutes), ' billed')], 'num minor'],
    ['Health', (it) => it.status === 'CLOSED' ? null : chip(it.health)],
  ], { most: 15, empty: 'No matters yet.' });
}
