import { h } from '../dom.js';
import { moreButton } from '../actions.js';
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
      ...STATES.map(([name, title, after]) => section(title, data[name], (connection) =>
        invoiceTable(connection.nodes, context, { empty: `No ${title.toLowerCase()} invoices.` }),
      async (cursor) => (await context.more({ [after]: cursor }))[name])),
      section('Unbilled time', data.unbilled, unbilled, async (cursor) => (await context.more({ unbilledAfter: cursor })).unbilled),
    ];
  },
};

// A connection as tables one after the other, one for each page of it that was asked for.
function section(title, connection, draw, load) {
  const pages = h('div', {}, draw(connection));
  let { pageInfo } = connection;
  return card(title, { note: `${count(connection.totalCount)} in all`, flush: true }, pages,
    pageInfo.hasNextPage && moreButton('Show more', async () => {
      const further = await load(pageInfo.endCursor);
      pages.append(draw(further));
      ({ pageInfo } = further);
      return pageInfo.hasNextPage;
    }));
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
