import { moreButton } from '../actions.js';
import { h } from '../dom.js';
import { count } from '../format.js';
import { notificationRow } from '../notifications.js';
import { card, heading, nothing } from '../parts.js';

// Rows more at a time: the list is asked for anew and longer, so that all of it stays live.
const STEP = 50;

export default {
  isLive: true,
  variables: ({ show }) => show === 'unread' ? { filter: { readAt: { isNull: true } } } : {},
  title: () => 'Inbox',
  draw({ viewer, inbox }, context) {
    return [
      heading({ title: 'Inbox', below: [h('b', {}, count(viewer.unreadCount)), ' unread'] }),
      h('nav', { class: 'tabs', 'aria-label': 'Which notifications' },
        tab('All', '/inbox', context.given.show !== 'unread'),
        tab('Unread', '/inbox?show=unread', context.given.show === 'unread')),
      card('Notifications', { note: count(inbox.totalCount), flush: true },
        inbox.edges.length
          ? h('ul', { class: 'rows' }, inbox.edges.map(({ node }) => notificationRow(node, context)))
          : nothing('Nothing here: all is read.'),
        inbox.pageInfo.hasNextPage && moreButton(context, 'more', () => context.ask({ first: inbox.edges.length + STEP }))),
    ];
  },
};

function tab(label, href, isHere) {
  return h('a', { href, 'aria-current': isHere && 'page' }, label);
}
