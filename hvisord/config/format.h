/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings for people and for programs. */
#ifndef CONFIG_FORMAT_H
#define CONFIG_FORMAT_H

#include <cJSON.h>

#include "config.h"

/*
 * "FILE:LINE: /pointer: error: message [reason] (collides with OTHER)", without
 * a newline; parts that are empty are left out. Control characters, of which a
 * hostile file may be full, come out as '?'. To be freed; NULL: no memory.
 */
char *config_finding_text(const struct config_finding *finding);

/*
 * {"file","line","pointer","severity":"error"|"warning","reason","message"} and
 * "other" if there is one. Bytes of the file's name that are no ASCII text come
 * out as '?'. For cJSON_Delete(); NULL: no memory.
 */
cJSON *config_finding_json(const struct config_finding *finding);

#endif
