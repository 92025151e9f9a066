// Invoices in a table; a draft can be sent.

import { actionButton } from './actions.js';
import { h } from './dom.js';
import { pounds } from './format.js';
import { chip, clientLink, day, due, matterLink, table } from './parts.js';

// `isNamed` shows whom each is for; `onsent(payload)` hears of an invoice that went out.
export function invoiceTable(invoices, { change }, { isNamed = true, empty = 'No invoices.', onsent } = {}) {
  return table(invoices, [
    ['Number', (invoice) => [h('b', { class: 'number' }, invoice.number), h('small', { class: 'narrow' }, 'due ', dueOn(invoice))]],
    ...isNamed ? [['For', (invoice) => [clientLink(invoice.client), h('small', {}, matterLink(invoice.matter))]]] : [],
    ['Issued', (invoice) => day(invoice.issuedOn), 'minor'],
    ['Due', dueOn, 'minor'],
    ['Status', state],
    ['Total', (invoice) => pounds(invoice.totalCents), 'num'],
  ], { empty, row: ({ id }) => ({ id: `invoice-${id}` }) });

  function state(invoice) {
    const place = h('span', { class: 'state-of' }, chip(invoice.status));
    if (invoice.status === 'DRAFT') {
      place.append(actionButton('Send', async () => {
        const payload = await change('SendInvoice', { invoiceId: invoice.id });
        invoice.status = payload.invoice.status;
        place.replaceChildren(chip(invoice.status));
        onsent?.(payload);
      }));
    }
    return place;
  }
}

const dueOn = ({ dueOn: value, status }) => due(value, status === 'SENT');
