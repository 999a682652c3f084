package app

import (
	"os"
	"os/user"
	"strconv"

	"github.com/citytally/citytally/ingest/event"
)

// CurrentUser returns the name of the user of this process, as the operating system has
// it, or the user's number where it has no name.
func CurrentUser() string {
	u, err := user.LookupId(strconv.Itoa(os.Getuid()))
	if err != nil || u.Username == "" {
		return "uid " + strconv.Itoa(os.Getuid())
	}
	return u.Username
}

// CurrentPerson returns the user of this process, who may use the broker, as events name
// people.
func CurrentPerson() event.Person {
	return event.Person{Name: CurrentUser(), Role: event.RoleOperator, Way: event.WayLocal}
}
