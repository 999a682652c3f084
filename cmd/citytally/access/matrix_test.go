package access_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/docs/docstest"
	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/ingest/stream"
)

var update = flag.Bool("update", false, "write testdata")

func TestMain(m *testing.M) {
	if file := os.Getenv(serveEnv); file != "" {
		if err := serve(file, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// prober is a connection that notes what the broker denies it.
type prober struct {
	*nats.Conn
	mu     sync.Mutex
	denied map[string]bool
	over   chan struct{}
}

// nowhere is a subject on which nobody may publish.
const nowhere = "nowhere.at.all"

func probe(t *testing.T, url string, login nats.Option) *prober {
	t.Helper()
	p := &prober{denied: map[string]bool{}, over: make(chan struct{}, 1)}
	var err error
	p.Conn, err = nats.Connect(url, login, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if _, quoted, ok := strings.Cut(err.Error(), `"`); ok && errors.Is(err, nats.ErrPermissionViolation) {
			subject, _, _ := strings.Cut(quoted, `"`)
			p.denied[subject] = true
			if subject == nowhere {
				p.over <- struct{}{}
			}
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// allowed tries every subject by try and returns those that are not denied.
func (p *prober) allowed(t *testing.T, subjects []string, try func(subject string) error) map[string]bool {
	t.Helper()
	p.mu.Lock()
	clear(p.denied)
	p.mu.Unlock()
	for _, subject := range append(slices.Clone(subjects), nowhere) {
		if err := try(subject); err != nil {
			t.Fatalf("%s: %v", subject, err)
		}
	}
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.over: // errors come in the order of what caused them
	case <-t.Context().Done():
		t.Fatal("the broker did not deny what nobody may")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	allowed := map[string]bool{}
	for _, subject := range subjects {
		allowed[subject] = !p.denied[subject]
	}
	return allowed
}

// durables are the durable consumers of the pipeline.
var durables = []string{
	"DIRECT.direct", "SUBMISSIONS.validate", "ACCEPTED.tally", "ACCEPTED.sink-accepted", "VERDICTS.sink-verdicts", "TOTALS.sink-totals",
	"RELEASES.sink-releases", "COMMANDS.recompute", "COMMANDS.check", "COMMANDS.remind", "COMMANDS.close", "COMMANDS.backup",
}

// published are subjects of every kind on which somebody might publish.
func published() []string {
	subjects := []string{
		"submissions.a.d", "direct.a.d", "accepted.a.d", "accepted.decisions", "verdicts.a.d", "totals.2021", "runs.nightly", "releases.r", "commands.recompute", "commands.check",
		"dead.sink", "dead.skip", "$KV.TOKENS.k", "$KV.SOURCES.k", "$O.ORIGINALS.C.x", "$O.ORIGINALS.M.x", "$JS.SNAPSHOT.RESTORE.ACCEPTED.x", "inquiries.dryrun", "reminders.a.d", "results.a.d", "$KV.SCHEDULES.reminder.2021.d.a.s", "_INBOX.x", "$SYS.REQ.SERVER.PING", "$SRV.PING", "$JS.FC.x", "$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST",
		"$JS.API.ACCOUNT.PURGE.CORE", "$JS.API.META.LEADER.STEPDOWN", "$JS.API.DIRECT.GET.VERDICTS.verdicts.a.d",
	}
	for _, user := range access.Users() {
		subjects = append(subjects, user.Inbox()+".x")
	}
	subjects = append(subjects, "submissions.320812.d", "direct.320812.d", "$JS.API.DIRECT.GET.VERDICTS.verdicts.320812.d", "_INBOX_320812.x", "results.320812.d", "submissions.320812", "submissions.320812.d.e")
	for _, s := range append(stream.Names(), stream.Tokens, stream.Schedules, stream.Sources, stream.Originals) {
		for _, call := range []string{
			"STREAM.CREATE.%s", "STREAM.UPDATE.%s", "STREAM.DELETE.%s", "STREAM.PURGE.%s", "STREAM.INFO.%s", "STREAM.SNAPSHOT.%s", "STREAM.RESTORE.%s", "STREAM.MSG.DELETE.%s", "STREAM.MSG.GET.%s",
			"STREAM.LEADER.STEPDOWN.%s", "STREAM.PEER.REMOVE.%s", "DIRECT.GET.%s", "CONSUMER.LIST.%s", "CONSUMER.NAMES.%s", "CONSUMER.CREATE.%s", "CONSUMER.CREATE.%s.other", "CONSUMER.CREATE.%s.other.f.>",
			"CONSUMER.DURABLE.CREATE.%s.other", "CONSUMER.MSG.NEXT.%s.other", "CONSUMER.DELETE.%s.other",
		} {
			subjects = append(subjects, "$JS.API."+fmt.Sprintf(call, s))
		}
	}
	for _, d := range durables {
		for _, call := range []string{"CREATE", "MSG.NEXT", "INFO", "DELETE", "PAUSE", "UNPIN", "RESET", "LEADER.STEPDOWN"} {
			subjects = append(subjects, "$JS.API.CONSUMER."+call+"."+d)
		}
		subjects = append(subjects, "$JS.API.CONSUMER.DURABLE.CREATE."+d, "$JS.API.CONSUMER.CREATE."+d+".f.>", "$JS.ACK."+d+".1.1.1.1.0")
	}
	return subjects
}

// subscribed are subjects of every kind on which somebody might listen.
func subscribed() []string {
	subjects := []string{">", "*.>", "_INBOX.>", "inquiries.*", "$SRV.>", "$JS.>", "$JS.EVENT.ADVISORY.>", "$SYS.>", "$KV.>", "submissions.>", "direct.>", "accepted.>", "verdicts.>", "totals.>", "commands.>", "reminders.*.*", "reminders.a.*", "reminders.320812.*", "results.>", "results.*.*", "results.a.*", "results.320812.*"}
	for _, user := range access.Users() {
		subjects = append(subjects, user.Inbox()+".>")
	}
	return append(subjects, "_INBOX_320812.>", "_INBOX_320804.>")
}

// TestMatrix asks a broker what it lets every user do, and compares with the table that
// somebody has read, in the documentation, which -update writes. A nats-server of its own
// with the configuration that is printed says the same as the embedded one.
func TestMatrix(t *testing.T) {
	seed, key := makeKey(t, "320812")
	broker, store := start(t, key)
	url, elsewhere := startElsewhere(t, key)
	for _, broker := range []struct {
		name, url string
		store     *credentials.Store
	}{{"embedded", broker.ClientURL(), store}, {"on its own", url, elsewhere}} {
		t.Run(broker.name, func(t *testing.T) { checkMatrix(t, broker.url, broker.store, seed) })
	}
}

func checkMatrix(t *testing.T, url string, store *credentials.Store, seed string) {
	users, logins := []string{}, map[string]nats.Option{}
	for _, user := range access.Users() {
		users = append(users, user.Name)
		logins[user.Name], _ = access.Login(store, user.Name)
	}
	users = append(users, "320812")
	logins["320812"] = asDistrict(t, seed, "320812")
	var table strings.Builder
	columns := map[string]map[string]bool{}
	for user, login := range logins {
		p := probe(t, url, login)
		columns[user] = p.allowed(t, published(), func(s string) error { return p.Publish(s, nil) })
	}
	write := func(heading string, subjects []string) {
		fmt.Fprintf(&table, "%-66s", heading)
		for _, user := range users {
			fmt.Fprintf(&table, " %-9s", user)
		}
		table.WriteString("\n")
		for _, subject := range subjects {
			row := fmt.Sprintf("%-66s", subject)
			for _, user := range users {
				mark := "-"
				if columns[user][subject] {
					mark = "yes"
				}
				row += fmt.Sprintf(" %-9s", mark)
			}
			table.WriteString(strings.TrimRight(row, " ") + "\n")
		}
	}
	write("publish", published())
	for user, login := range logins {
		p := probe(t, url, login)
		columns[user] = p.allowed(t, subscribed(), func(s string) error { _, err := p.SubscribeSync(s); return err })
	}
	table.WriteString("\n")
	write("subscribe", subscribed())
	docstest.Section(t, "../docs/access.md", "broker", "```\n"+table.String()+"```\n", *update)
}
