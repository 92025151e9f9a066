import { moreButton } from '../actions.js';
import { h } from '../dom.js';
import { count, hours } from '../format.js';
import { invoiceTable } from '../invoices.js';
import { card, day, heading, matterLink, person, stats, table } from '../parts.js';

const STATES = [
  ['drafts', 'Drafts', 'draftsAfter'],
  ['sent', 'Sent', 'sentAfter'],
  ['paid', 'Paid', 'paidAfter'],
  ['void', 'Void', 'voidAfter'],
];

export default {
  variables: () => ({}),
  title: () => 'Billing',
  draw(data, context) {
    return [
      heading({ title: 'Billing', below: 'Invoices by where they stand, and time that no invoice covers yet.' }),
      stats(...STATES.map(([name, title]) => [title, count(data[name].totalCount), data[name].totalCount === 1 ? 'invoice' : 'invoices'])),
      ...STATES.map(([name, title, after]) => section(data, context, { name, title, after },
        invoiceTable(data[name].nodes, context, { empty: `No ${title.toLowerCase()} invoices.`, sent }))),
      section(data, context, { name: 'unbilled', title: 'Unbilled time', after: 'unbilledAfter' }, unbilled(data.unbilled)),
    ];
  },
};

// A connection as far as it was asked for.
function section(data, context, { name, title, after }, drawn) {
  const { totalCount, pageInfo } = data[name];
  return card(title, { note: `${count(totalCount)} in all`, flush: true }, drawn,
    pageInfo.hasNextPage && moreButton(context, `more-${name}`, async () => {
      const further = (await context.more({ [after]: pageInfo.endCursor }))[name];
      context.edit((base) => {
        base[name].nodes.push(...further.nodes);
        base[name].pageInfo = further.pageInfo;
      });
    }));
}

// Where it stands among the drafts, so that the reader sees what became of it.
function sent(data, { invoice }) {
  const found = data.drafts.nodes.find((it) => it.id === invoice.id);
  if (found) found.status = invoice.status;
}

function unbilled({ nodes }) {
  return table(nodes, [
    ['Day', (it) => day(it.workedOn)],
    ['Who', (it) => person(it.user)],
    ['Matter', (it) => [matterLink(it.matter), h('small', {}, hours(it.matter.unbilledMinutes), ' unbilled in all')]],
    ['Note', (it) => it.note, 'minor'],
    ['Time', (it) => hours(it.minutes), 'num'],
  ], { empty: 'All time is billed.' });
}
