/* What the status says of an instance's routes and rules. */
#include "lib/control/status_route.h"

#include "lib/control/json.h"

static json_t *list_json(const char *what, const struct status_route *routes, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        const struct status_route *route = &routes[i];

        json_array_append_new(
            list,
            json_pack("{s:o, s:b, s:s?, s:o}", what, control_text_to_json(route->text), "held",
                      (int)route->held, "owner", route->owner, "problem",
                      route->problem != NULL ? control_text_to_json(route->problem) : json_null()));
    }
    return list;
}

void control_routes_add(json_t *object, const struct status_instance *instance)
{
    json_object_set_new(object, "routes",
                        list_json("route", instance->routes, instance->route_count));
    json_object_set_new(object, "rules", list_json("rule", instance->rules, instance->rule_count));
}
