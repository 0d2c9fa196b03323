/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole of the zones: beginning, end, and the hypervisor's events. */
#include "zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "log.h"
#include "net_link.h"
#include "policy.h"
#include "tree.h"
#include "zone_private.h"

/* Within a second the view is the hypervisor's again, also when it fails more than once. */
#define AGAIN_MS 200u

static void look_at_all(struct zones *zones)
{
	struct zone_private *private, *next;

	for (private = TAILQ_FIRST(&zones->list); private != NULL; private = next) {
		next = TAILQ_NEXT(private, entry);
		if (lifecycle_is_active(private->zone->state) && private->zone->id != 0)
			zone_changed(private->zone);
	}
}

static void on_events(uv_poll_t *poll, int status, int events)
{
	struct zones *zones = poll->data;
	uint64_t count;
	int fd;

	(void)events;
	if (status < 0 || uv_fileno((uv_handle_t *)poll, &fd) != 0)
		return;
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_error("reading the hypervisor's event descriptor: %s", strerror(errno));
	look_at_all(zones);
}

static void on_again(uv_timer_t *timer)
{
	struct zones *zones = timer->data;

	zone_adopt_rest(zones);
	look_at_all(zones);
}

void zones_again(struct zones *zones)
{
	if (!zones->closing && !uv_is_active((uv_handle_t *)&zones->again))
		uv_timer_start(&zones->again, on_again, AGAIN_MS, 0);
}

static int watch_events(struct zones *zones)
{
	int fd = zones->backend->ops->event_fd(zones->backend);
	int r;

	if (fd < 0)
		return fd;
	r = uv_poll_init(zones->loop, &zones->events, fd);
	if (r != 0)
		return r;
	zones->events.data = zones;
	zones->events_open = true;
	return uv_poll_start(&zones->events, UV_READABLE, on_events);
}

static int add_root(struct zones *zones)
{
	struct zone *root = zone_new(zones, 0, zones->root_config.name, NULL);

	if (root == NULL)
		return -ENOMEM;
	root->plan = plan_new_adopted(&zones->root_config);
	if (root->plan == NULL) {
		zone_put(root);
		return -ENOMEM;
	}
	zone_insert(root);
	zone_update_status(root);
	zone_event(root, ZONE_EVENT_ADOPT_RUNNING, NULL);
	return 0;
}

/* Made trees then have nothing of the root's; files that need it say so. */
static void read_root_tree(struct zones *zones)
{
	const char *path = zones->options.root_tree;
	int r;

	if (path == NULL)
		return;
	r = config_disk.read(&config_disk, path, TREE_MAX_ZONE_SIZE, &zones->root_tree,
			     &zones->board.root_tree_size);
	if (r != 0)
		log_warning("%s: %s: going on without the root zone's device tree", path, strerror(-r));
	zones->board.root_tree = zones->root_tree;
}

static int ask_backend(struct zones *zones)
{
	const struct backend_ops *ops = zones->backend->ops;
	int r = ops->platform(zones->backend, &zones->platform);

	if (r == 0)
		r = ops->root_config(zones->backend, &zones->root_config);
	zones->board = (struct config_board){ .platform = &zones->platform, .root = &zones->root_config };
	read_root_tree(zones);
	return r;
}

int zones_new(uv_loop_t *loop, struct backend *backend, const struct zones_options *options,
	      const struct zones_hooks *hooks, void *user, struct zones **ret_zones)
{
	struct zones *zones = calloc(1, sizeof(*zones));
	int r;

	if (zones == NULL)
		return -ENOMEM;
	zones->loop = loop;
	zones->backend = backend;
	zones->options = *options;
	zones->hooks = hooks;
	zones->user = user;
	TAILQ_INIT(&zones->list);
	STAILQ_INIT(&zones->waiting);
	intents_init(&zones->intents);
	uv_timer_init(loop, &zones->again);
	zones->again.data = zones;
	*ret_zones = zones;
	r = ask_backend(zones);
	if (r == 0)
		r = add_root(zones);
	/* events first: a change between adoption and the first wait is then not missed */
	if (r == 0)
		r = watch_events(zones);
	if (r == 0)
		r = policy_open(zones);
	if (r != 0)
		return r;
	zone_watch_begin(zones);
	zone_watch_read_now(zones);
	r = zone_adopt_all(zones);
	if (r == 0)
		policy_begin(zones);
	return r;
}

void zones_close(struct zones *zones)
{
	struct zone_private *private;

	zones->closing = true;
	uv_close((uv_handle_t *)&zones->again, NULL);
	zone_watch_close(zones);
	net_link_close(zones->net_link);
	zones->net_link = NULL;
	if (zones->events_open)
		uv_close((uv_handle_t *)&zones->events, NULL);
	zones->events_open = false;
	while ((private = TAILQ_FIRST(&zones->list)) != NULL) {
		/* a worker that still loads ends soon; the next daemon undoes that start */
		zone_load_abort(private->zone);
		(void)zone_respawn_cancel(private->zone);
		zone_device_drop(private->zone);
		zone_ops_settled(private->zone);
		zone_inputs_fail(private->zone);
		zone_remove(private->zone);
	}
	policy_close(zones);
}

void zones_free(struct zones *zones)
{
	if (zones == NULL)
		return;
	zone_set_fini(&zones->set);
	intents_fini(&zones->intents);
	free(zones->root_tree);
	free(zones);
}
