/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request_ring.h"

#include <errno.h>

int request_ring_check(const struct hv_ring *ring)
{
	if (ring->magic != HV_RING_MAGIC || ring->version != HV_RING_VERSION || ring->slots != HV_RING_SLOTS)
		return -EPROTO;
	return 0;
}

bool request_ring_is_used(const struct hv_ring *ring)
{
	return __atomic_load_n(&ring->tail, __ATOMIC_RELAXED) != 0;
}

int request_ring_peek(const struct hv_ring *ring, struct hv_request *ret_request)
{
	const uint32_t tail = __atomic_load_n(&ring->tail, __ATOMIC_RELAXED);
	/* After the last release: EL2 wakes us only if we had caught up (hv_ring.h). */
	const uint32_t used = hv_ring_used(__atomic_load_n(&ring->head, __ATOMIC_SEQ_CST), tail);

	if (used == 0)
		return 0;
	if (used > HV_RING_SLOTS)
		return -EPROTO;
	*ret_request = ring->request[tail % HV_RING_SLOTS];
	return 1;
}

/* The slot is read before EL2 may fill it again, and tail stored before head is looked at again. */
void request_ring_release(struct hv_ring *ring)
{
	__atomic_store_n(&ring->tail, hv_ring_next(__atomic_load_n(&ring->tail, __ATOMIC_RELAXED)),
			 __ATOMIC_SEQ_CST);
}

void request_ring_clear_windows(struct hv_ring *ring)
{
	for (unsigned i = 0; i < HV_RING_WINDOWS; i++)
		__atomic_store_n(&ring->window[i].number, 0, __ATOMIC_SEQ_CST);
}

uint32_t *request_ring_list_window(struct hv_ring *ring, uint64_t ipa)
{
	const uint64_t number = ipa / HV_RING_WINDOW_SIZE;
	struct hv_ring_window *window = &ring->window[number % HV_RING_WINDOWS];

	if (number == 0 || number > UINT32_MAX || window->number != 0)
		return NULL;
	window->interrupt_status = 0;
	__atomic_store_n(&window->number, (uint32_t)number, __ATOMIC_RELEASE);
	return &window->interrupt_status;
}

/* Cheap when nothing happened, which is nearly always. */
bool request_ring_take_overflow(struct hv_ring *ring)
{
	return __atomic_load_n(&ring->overflow, __ATOMIC_RELAXED) != 0 &&
	       __atomic_exchange_n(&ring->overflow, 0, __ATOMIC_SEQ_CST) != 0;
}
