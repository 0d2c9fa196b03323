/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short hands for writing tables of fields. Only for files that do. */
#ifndef CONFIG_FIELD_TABLE_H
#define CONFIG_FIELD_TABLE_H

#include "field.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define OBJECT(name, table)                                                                                  \
	{                                                                                                    \
		.title = name, .fields = table, .count = COUNT(table)                                        \
	}
/* An array member called items, with its count before it. */
#define ARRAY_IN(holder, counter, items, like)                                                               \
	.type = FIELD_ARRAY, .offset = offsetof(holder, counter), .max = COUNT(((holder *)0)->items),        \
	.element_offset = offsetof(holder, items), .element_size = sizeof(((holder *)0)->items[0]),          \
	.element = &(like)

#endif
