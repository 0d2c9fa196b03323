/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an earlier daemon left: found in the hypervisor and in the run directory. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "device_child.h"
#include "log.h"
#include "policy.h"
#include "zone_private.h"

/* What fails that often does so for good. */
#define MAX_TRIES 25u
#define LIST_PAUSE_MS 20u

/* The zone that the record or the hypervisor speaks of: from its file, else a new one. */
static struct zone *zone_for(struct zones *zones, const struct zone_plan *plan)
{
	uint32_t id = plan->hv.zone_id;
	struct zone_private *private;
	struct zone *zone;

	TAILQ_FOREACH(private, &zones->list, entry)
	{
		zone = private->zone;
		/* a file removed and made anew for another zone may have served for two that run */
		if (plan->file != NULL && zone->file != NULL && strcmp(zone->file, plan->file) == 0 &&
		    !lifecycle_is_active(zone->state))
			return zone;
	}
	zone = zones_find_id(zones, id);
	if (zone != NULL && !lifecycle_is_active(zone->state))
		return zone;
	zone = zone_new(zones, (int)id, plan->name, NULL);
	if (zone != NULL)
		zone_insert(zone);
	return zone;
}

/* The zone takes the plan and the identity that runs. */
static struct zone *adopt_plan(struct zones *zones, struct zone_plan *plan)
{
	struct zone *zone = zone_for(zones, plan);
	char *name = zone != NULL ? strdup(plan->name) : NULL;

	if (name == NULL) {
		plan_free(plan);
		return NULL;
	}
	free(zone->name);
	zone->name = name;
	plan_free(zone->plan);
	zone->plan = plan;
	zone->id = (int)plan->hv.zone_id;
	zone_insert(zone);
	return zone;
}

static void adopt_device(struct zone *zone, const struct store_record *record)
{
	int r;

	if (record->device_pid == 0 || !plan_has_virtio(zone->plan))
		return;
	r = zone_device_adopt(zone, record);
	if (r == 0)
		return;
	zone->device_state = ZONE_DEVICE_DIED;
	zone->device_pid = record->device_pid;
	log_zone_error(zone->name, "its device process %d is gone: %s", (int)record->device_pid,
		       strerror(-r));
}

/* It passes by itself: the file is as good as it was. */
static bool is_shortage(int r)
{
	return r != 0 && r != -ENOENT && r != -EBADMSG && r != -EFBIG;
}

/* What the daemon before wrote of a zone that runs, as far as it can be read. */
static int read_record(struct zones *zones, uint32_t id, const HvZoneConfig *hv,
		       struct store_record *ret_record)
{
	int r = store_read(zones->options.run_dir, id, hv, ret_record);

	if (is_shortage(r) && zones->adopt_tries < MAX_TRIES)
		return r;
	if (r != 0) {
		log_warning("zone %u runs, but the record of it cannot be read: %s", id, strerror(-r));
		ret_record->plan = plan_new_adopted(hv);
	}
	return ret_record->plan != NULL ? 0 : -ENOMEM;
}

static int adopt(struct zones *zones, uint32_t id)
{
	struct backend *backend = zones->backend;
	struct store_record record = { .wanted = true };
	struct hv_zone_status status;
	HvZoneConfig hv;
	struct zone *zone;
	int r = backend->ops->config(backend, id, &hv);

	if (r == 0)
		r = backend->ops->status(backend, id, &status);
	if (r == 0)
		r = read_record(zones, id, &hv, &record);
	if (r != 0)
		return r;
	zone = adopt_plan(zones, record.plan);
	if (zone == NULL)
		return -ENOMEM;
	zone->private->created = true;
	zone->private->stop_wanted = !record.wanted;
	zone->started_ms = record.started_ms;
	zone->status = status;
	adopt_device(zone, &record);
	if (status.state == HV_ZONE_RUNNING) {
		zone_event(zone, ZONE_EVENT_ADOPT_RUNNING, "adopted");
		if (zone->device_state == ZONE_DEVICE_DIED)
			zone_device_failed(zone);
		return 0;
	}
	if (status.state == HV_ZONE_PAUSED) {
		zone_event(zone, ZONE_EVENT_ADOPT_PAUSED, "adopted");
		if (zone->device_state == ZONE_DEVICE_DIED)
			zone_device_failed(zone);
		return 0;
	}
	/* half started, or ended meanwhile: to the end of it */
	zone_event(zone, ZONE_EVENT_ADOPT_ENDING, "adopted");
	zone_progress(zone);
	return 0;
}

/* A device process of a zone that is gone. */
static void kill_stray(const struct store_record *record)
{
	uint64_t start_time;
	int fd;

	if (record->device_pid <= 0)
		return;
	fd = pidfd_open(record->device_pid, 0);
	if (fd < 0)
		return;
	if (device_child_start_time(record->device_pid, &start_time) == 0 &&
	    start_time == record->device_start)
		pidfd_send_signal(fd, SIGKILL, NULL, 0);
	close(fd);
}

/* Between the guest's reset and the new run: that the zone is to run is still true. */
static bool was_to_follow(const struct store_record *record, uint32_t reason)
{
	return record->wanted && record->started_ms != 0 && reason == HV_REASON_GUEST_RESET;
}

/* Ended by nobody but a daemon, which did not mean it to stay so: between the two runs of a restart. */
static bool was_cut_off(const struct store_record *record, uint32_t reason)
{
	return record->wanted && (reason == HV_REASON_STOPPED || reason == HV_REASON_DESTROYED);
}

/* The record of a zone that the hypervisor no longer has. */
static int clean(struct zones *zones, uint32_t id)
{
	struct backend *backend = zones->backend;
	struct hv_zone_status status = { .reason = HV_REASON_NONE };
	struct store_record record;
	struct zone *zone;
	int r = store_read(zones->options.run_dir, id, NULL, &record);

	if (r == -ENOENT)
		return 0;
	if (is_shortage(r) && zones->adopt_tries < MAX_TRIES)
		return r;
	store_remove(zones->options.run_dir, id);
	device_unlink(zones->options.run_dir, id);
	if (r != 0) {
		log_warning("zone %u: the record of it cannot be read: %s", id, strerror(-r));
		return 0;
	}
	kill_stray(&record);
	(void)backend->ops->status(backend, id, &status);
	if (!was_to_follow(&record, status.reason)) {
		policy_gone(zones, record.plan, record.wanted, was_cut_off(&record, status.reason));
		plan_free(record.plan);
		return 0;
	}
	zone = adopt_plan(zones, record.plan);
	if (zone == NULL)
		return -ENOMEM;
	zone->private->created = true;
	zone->started_ms = record.started_ms;
	zone_event(zone, ZONE_EVENT_ADOPT_ENDING, "adopted");
	zone_progress(zone);
	return 0;
}

/* Those of zones->unadopted that are among ids; what could not be asked stays in there, for a later try. */
static void adopt_ids(struct zones *zones, uint64_t present, uint64_t ids)
{
	for (uint32_t id = 1; id < HV_MAX_ZONES; id++) {
		bool is_present = (present >> id & 1) != 0;
		int r;

		if (((zones->unadopted & ids) >> id & 1) == 0)
			continue;
		r = is_present ? adopt(zones, id) : clean(zones, id);
		if (r == 0)
			zones->unadopted &= ~(UINT64_C(1) << id);
		else if (zones->adopt_tries == 0)
			log_error("zone %u %s: %s; trying again", id,
				  is_present ? "runs, but cannot be adopted" : "left something",
				  strerror(-r));
	}
}

/* First those whose ids are in files now: what is left of the files may be of others that ran before. */
static void adopt_those(struct zones *zones, uint64_t present)
{
	uint64_t named = 0;

	for (uint32_t id = 1; id < HV_MAX_ZONES; id++)
		named |= (uint64_t)(zones_find_id(zones, id) != NULL) << id;
	adopt_ids(zones, present, named);
	adopt_ids(zones, present, ~named);
	zones->adopt_tries++;
	if (zones->unadopted != 0)
		zones_again(zones);
}

void zone_adopt_rest(struct zones *zones)
{
	uint64_t present;

	if (zones->unadopted == 0)
		return;
	if (zones->backend->ops->list(zones->backend, &present) != 0)
		return zones_again(zones);
	adopt_those(zones, present);
	policy_begin(zones);
}

int zone_adopt_all(struct zones *zones)
{
	struct backend *backend = zones->backend;
	uint64_t present;
	int r = backend->ops->list(backend, &present);

	/* without it nothing can be said of any zone: worth some patience */
	for (unsigned i = 0; r != 0 && i < MAX_TRIES; i++) {
		uv_sleep(LIST_PAUSE_MS);
		r = backend->ops->list(backend, &present);
	}
	if (r != 0)
		return r;
	zones->unadopted = UINT64_MAX & ~UINT64_C(1);
	adopt_those(zones, present);
	return 0;
}
