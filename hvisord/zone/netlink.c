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

/* The kernel answers within the call that sends; only an error says what it was asked for. */
static int receive_answer(int fd)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char request[sizeof(struct netlink_request)];
	} answer;
	ssize_t size;

	do {
		size = recv(fd, &answer, sizeof(answer), 0);
	} while (size < 0 && errno == EINTR);
	if (size < 0)
		return -errno;
	if ((size_t)size < NLMSG_LENGTH(sizeof(answer.error)) || answer.header.nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	return answer.error.error;
}

int netlink_do(struct netlink_request *request)
{
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int r;

	if (fd < 0)
		return -errno;
	r = send(fd, request, request->header.nlmsg_len, 0) < 0 ? -errno : receive_answer(fd);
	close(fd);
	return r;
}
