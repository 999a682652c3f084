package access

import (
	"slices"

	"github.com/citytally/citytally/ingest/direct"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/schedule"
	"github.com/citytally/citytally/transform/tally"
)

// The users of the account CORE. A stage has one, the operator is who uses the commands of this
// program, the administrator is who creates and changes streams and restores them from a backup, and
// repair is who brings back to streams what they have lost, and sends messages that were put aside
// through them again.
const (
	Gateway   = "gateway"
	Transform = "transform"
	Sink      = "sink"
	Schedule  = "schedule"
	Operator  = "operator"
	Admin     = "admin"
	Repair    = "repair"
)

// api is the prefix of requests to JetStream.
const api = "$JS.API."

// User is a user of the broker and what it may publish, in subjects of NATS. Deny wins over
// Allow.
type User struct {
	Name        string
	Allow, Deny []string
	// Serves are subjects on which it receives requests, each of which it may answer once.
	// Else it receives below its inbox prefix alone.
	Serves []string
	// Hears are subjects of no stream on which it may listen.
	Hears []string
}

// Inbox is the prefix of the subjects on which a user receives answers.
func (u *User) Inbox() string { return inbox(u.Name) }

func inbox(user string) string { return "_INBOX_" + user }

// durable is a durable consumer and the user that works through it.
type durable struct{ user, stream, name string }

// durables returns every durable consumer.
func durables() []durable {
	all := []durable{
		{Gateway, stream.Direct, direct.Consumer},
		{Transform, stream.Submissions, judge.Consumer},
		{Transform, stream.Accepted, tally.Consumer},
		{Sink, stream.Accepted, sink.AcceptedConsumer},
		{Sink, stream.Verdicts, sink.VerdictsConsumer},
		{Sink, stream.Totals, sink.TotalsConsumer},
		{Sink, stream.Releases, sink.ReleasesConsumer},
	}
	for _, kind := range schedule.Kinds() {
		all = append(all, durable{Transform, stream.Commands, schedule.Consumer(kind.Name)})
	}
	return all
}

// reminders are those of every area and dataset, which nobody stores.
const reminders = "reminders.*.*"

// sources are what became of each source that is fetched.
const sources = "$KV." + stream.SourcesBucket + ".*"

// Users returns the users of the account CORE.
func Users() []User {
	var letters []string // of the jobs
	for _, kind := range schedule.Kinds() {
		letters = append(letters, "dead."+kind.Name)
	}
	paused, progress := "$KV."+stream.SchedulesBucket+".pause.*", "$KV."+stream.SchedulesBucket+".recompute.*"
	reminded := "$KV." + stream.SchedulesBucket + ".reminder.>"
	var putBack []string
	for _, s := range stream.Names() {
		if s != stream.Dead {
			putBack = append(putBack, stream.Subjects(s)...)
		}
	}
	return []User{
		member(Gateway, []string{stream.Submissions, stream.Accepted, stream.Verdicts, stream.Tokens, stream.Originals, stream.Direct}, "submissions.*.*", "inquiries.*", "dead.direct",
			api+"CONSUMER.DELETE."+stream.Tokens+".*", sources, "$O."+stream.OriginalsBucket+".>", "$JS.FC.>", api+"CONSUMER.DELETE."+stream.Originals+".*",
			// Each area that publishes much to the broker itself has a consumer of its own.
			api+"CONSUMER.UNPIN."+stream.Direct+".*", "$JS.ACK."+stream.Direct+".*.>"),
		serving([]string{"inquiries.*", "$SRV.>"}, member(Transform, []string{stream.Submissions, stream.Accepted, stream.Verdicts, stream.Totals, stream.Releases},
			append(letters, "accepted.*.*", "accepted.decisions", "verdicts.*.*", "totals.*", "runs.*", "dead.validate", "dead.tally", progress, reminded, reminders, "commands."+schedule.Recompute)...)),
		member(Sink, []string{stream.Accepted}, "dead.sink"),
		member(Schedule, nil, "commands.*"),
		hearing([]string{reminders}, member(Operator, stream.All(),
			"accepted.decisions", "inquiries.holds", "inquiries.decide", "commands.*", "releases.*", "dead.skip", "$KV."+stream.TokensBucket+".*", paused, progress, sources, "$JS.FC.>",
			api+"STREAM.MSG.DELETE."+stream.Dead, api+"CONSUMER.DELETE."+stream.Tokens+".*", api+"CONSUMER.DELETE."+stream.Schedules+".*")),
		// No figures, though who changes streams can have them take any message in roundabout ways.
		{Name: Admin, Allow: []string{
			api + "INFO", api + "STREAM.>", api + "CONSUMER.>", api + "DIRECT.GET.>", "$JS.SNAPSHOT.RESTORE.>",
		}},
		member(Repair, stream.Names(), append(putBack, api+"STREAM.MSG.DELETE."+stream.Dead)...),
	}
}

func hearing(subjects []string, u User) User {
	u.Hears = subjects
	return u
}

func serving(subjects []string, u User) User {
	u.Serves = subjects
	return u
}

// member returns a user that looks at the streams, works through its own durable consumers,
// follows some streams by consumers that pass away, and publishes on some subjects.
func member(name string, follows []string, publishes ...string) User {
	u := User{Name: name, Allow: publishes}
	allow := func(subjects ...string) { u.Allow = append(u.Allow, subjects...) }
	allow(api+"INFO", api+"STREAM.INFO.*", api+"CONSUMER.LIST.*", api+"CONSUMER.INFO.*.*")
	for _, s := range append(stream.Names(), stream.Schedules, stream.Sources) {
		allow(api+"DIRECT.GET."+s, api+"DIRECT.GET."+s+".>")
	}
	if slices.Contains(follows, stream.Originals) {
		allow(api+"DIRECT.GET."+stream.Originals, api+"DIRECT.GET."+stream.Originals+".>")
	}
	follows = append(follows, stream.Dead) // where a person says what to pass over
	for _, s := range follows {
		allow(api+"CONSUMER.CREATE."+s+".*", api+"CONSUMER.CREATE."+s+".*.>", api+"CONSUMER.MSG.NEXT."+s+".*")
	}
	for _, d := range durables() {
		path := d.stream + "." + d.name
		switch {
		case d.user == name:
			allow(api+"CONSUMER.CREATE."+path, api+"CONSUMER.MSG.NEXT."+path, api+"CONSUMER.UNPIN."+path, "$JS.ACK."+path+".>")
		case slices.Contains(follows, d.stream):
			u.Deny = append(u.Deny, api+"CONSUMER.CREATE."+path, api+"CONSUMER.CREATE."+path+".>", api+"CONSUMER.MSG.NEXT."+path)
		}
	}
	return u
}
