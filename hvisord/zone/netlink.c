/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void netlink_link(struct netlink_request *request, int type, int index)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_len = NLMSG_LENGTH(sizeof(request->link));
	request->header.nlmsg_type = (__u16)type;
	request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	request->link.ifi_family = AF_UNSPEC;
	request->link.ifi_index = index;
}

void netlink_put(struct netlink_request *request, unsigned short type, const void *data, size_t size)
{
	const size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
	const struct rtattr attribute = { .rta_len = (unsigned short)RTA_LENGTH(size), .rta_type = type };
	char *to = (char *)request + at;

	assert(at + RTA_SPACE(size) <= sizeof(*request));
	memcpy(to, &attribute, sizeof(attribute));
	memcpy(to + RTA_LENGTH(0), data, size);
	request->header.nlmsg_len = (__u32)(at + RTA_LENGTH(size));
}

/* The kernel answers within the call that sends. Returns the bytes of its answer, or a negative errno. */
static ssize_t exchange(const struct netlink_request *request, void *answer, size_t room)
{
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t size;

	if (fd < 0)
		return -errno;
	size = send(fd, request, request->header.nlmsg_len, 0);
	while (size >= 0) {
		size = recv(fd, answer, room, MSG_TRUNC);
		if (size >= 0 || errno != EINTR)
			break;
		size = 0;
	}
	if (size < 0)
		size = -errno;
	close(fd);
	return size > (ssize_t)room ? -EMSGSIZE : size;
}

/* Only an error says what it was asked for. */
int netlink_do(struct netlink_request *request)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char request[sizeof(struct netlink_request)];
	} answer;
	const ssize_t size = exchange(request, &answer, sizeof(answer));

	if (size < 0)
		return (int)size;
	if ((size_t)size < NLMSG_LENGTH(sizeof(answer.error)) || answer.header.nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	return answer.error.error;
}

int netlink_ask(struct netlink_request *request, void *answer, struct netlink_attributes *ret_attributes)
{
	const size_t head = NLMSG_SPACE(sizeof(request->link));
	const struct nlmsghdr *header = answer;
	const struct nlmsgerr *error = NLMSG_DATA(answer);
	ssize_t size;

	request->header.nlmsg_flags = NLM_F_REQUEST;
	size = exchange(request, answer, NETLINK_ANSWER);
	if (size < 0)
		return (int)size;
	if ((size_t)size >= NLMSG_LENGTH(sizeof(*error)) && header->nlmsg_type == NLMSG_ERROR)
		return error->error < 0 ? error->error : -EBADMSG;
	if ((size_t)size < head || header->nlmsg_type != RTM_NEWLINK || header->nlmsg_len > (size_t)size ||
	    header->nlmsg_len < head)
		return -EBADMSG;
	*ret_attributes =
		(struct netlink_attributes){ (const char *)answer + head, header->nlmsg_len - head };
	return 0;
}

struct netlink_attributes netlink_find(struct netlink_attributes attributes, unsigned short type)
{
	const struct rtattr *at = attributes.data;
	long left = (long)attributes.size; /* below 0 behind one that is not padded */

	for (; RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		if ((at->rta_type & NLA_TYPE_MASK) == type)
			return (struct netlink_attributes){ RTA_DATA(at), RTA_PAYLOAD(at) };
	}
	return (struct netlink_attributes){ NULL, 0 };
}
