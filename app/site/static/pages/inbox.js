import { moreButton } from '../actions.js';
import { h } from '../dom.js';
import { count } from '../format.js';
import { notificationRow } from '../notifications.js';
import { card, heading, nothing } from '../parts.js';

export default {
  variables: ({ show }) => show === 'unread' ? { filter: { readAt: { isNull: true } } } : {},
  title: () => 'Inbox',
  draw({ viewer, inbox }, context) {
    const unread = h('b', {});
    const list = h('ul', { class: 'rows' });
    let { pageInfo } = inbox;
    show(viewer.unreadCount);
    append(inbox.edges);
    return [
      heading({ title: 'Inbox', below: [unread, ' unread'] }),
      h('nav', { class: 'tabs', 'aria-label': 'Which notifications' },
        tab('All', '/inbox', context.given.show !== 'unread'),
        tab('Unread', '/inbox?show=unread', context.given.show === 'unread')),
      card('Notifications', { note: count(inbox.totalCount), flush: true },
        inbox.edges.length ? list : nothing('Nothing here: all is read.'),
        pageInfo.hasNextPage && moreButton('Show more', next)),
    ];

    function append(edges) {
      list.append(...edges.map(({ node }) => notificationRow(node, context, ({ notification }) => show(notification.user.unreadCount))));
    }

    async function next() {
      const further = await context.more({ after: pageInfo.endCursor });
      append(further.inbox.edges);
      ({ pageInfo } = further.inbox);
      return pageInfo.hasNextPage;
    }

    function show(value) {
      unread.textContent = count(value);
    }
  },
};

function tab(label, href, isHere) {
  return h('a', { href, 'aria-current': isHere && 'page' }, label);
}
