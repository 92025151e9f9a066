// Invoices in a table; a draft can be sent.

import { actionButton } from './actions.js';
import { h } from './dom.js';
import { pounds } from './format.js';
import { chip, clientLink, day, due, matterLink, table } from './parts.js';

// `isNamed` shows whom or what each is for; `sent(data, payload)` changes the page's data as an answer says.
export function invoiceTable(invoices, context, { isNamed = true, empty = 'No invoices.', sent } = {}) {
  return table(invoices, [
    ['Number', (invoice) => [
      h('b', { class: 'number' }, invoice.number),
      // What has a column of its own where there is room.
      h('small', { class: 'narrow' }, isNamed && [recipient(invoice), h('br')], 'due ', dueOn(invoice)),
    ]],
    ...isNamed ? [['For', (invoice) => [recipient(invoice), invoice.client && h('small', {}, matterLink(invoice.matter))], 'minor']] : [],
    ['Issued', (invoice) => day(invoice.issuedOn), 'minor'],
    ['Due', dueOn, 'minor'],
    ['Status', state],
    ['Total', (invoice) => pounds(invoice.totalCents), 'num'],
  ], { empty, row: ({ id }) => ({ id: `invoice-${id}` }) });

  function state(invoice) {
    const place = `invoice-${invoice.id}`;
    return h('span', { class: 'state-of' }, chip(invoice.status), invoice.status === 'DRAFT' && actionButton(
      context, place, 'Send', () => context.change(place, 'SendInvoice', { invoiceId: invoice.id }, { then: sent })));
  }
}

const recipient = ({ client, matter }) => clientLink(client) ?? matterLink(matter);
const dueOn = ({ dueOn: value, status }) => due(value, status === 'SENT');
