package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/ingest/stream"
)

// The accounts of the broker.
const (
	Core      = "CORE" // the streams and those who work on them
	districts = "DIST" // the districts that publish to the broker themselves
	sys       = "SYS"  // the server's own
)

// What the districts' account reaches of CORE: the way in, and the newest verdict on each of
// their datasets.
const (
	wayIn    = "direct.*.*"
	verdicts = "$JS.API.DIRECT.GET.VERDICTS.verdicts.*.*"
)

// maxDistrictConnections is how many connections all districts may have together, so that the stages
// always get theirs.
const maxDistrictConnections = 500

// credential is the name of a user's secret in the store.
func credential(user string) string { return "nats-" + user }

// Credentials returns the names of the secrets that the users need.
func Credentials() []string {
	var names []string
	for _, u := range Users() {
		names = append(names, credential(u.Name))
	}
	return names
}

// variable is the name of the variable in the configuration that stands for a user's secret.
func variable(user string) string { return "NATS_" + strings.ToUpper(user) + "_PASSWORD" }

// Text returns the accounts and users of the broker in the configuration language of
// nats-server. Passwords are variables, which the server takes from [Secrets] before the text,
// or from its environment. Districts are in an account of their own, which is a boundary: what
// they publish on submissions.<area>.<dataset> arrives in CORE on direct.<area>.<dataset>, and
// an answer goes to their account wherever they want it to. Each hears the reminders and the
// verdicts of its area.
func Text(keys []Key) string {
	var t strings.Builder
	t.WriteString("accounts {\n  " + Core + " {\n    jetstream: enabled\n    users: [\n")
	for _, u := range Users() {
		fmt.Fprintf(&t, "      {\n        user: %s, password: $%s\n        permissions {\n", u.Name, variable(u.Name))
		fmt.Fprintf(&t, "          publish {\n%s%s          }\n", list("allow", u.Allow), list("deny", u.Deny))
		fmt.Fprintf(&t, "          subscribe {\n%s          }\n", list("allow", slices.Concat([]string{u.Inbox() + ".>"}, u.Serves, u.Hears)))
		if len(u.Serves) > 0 {
			t.WriteString("          allow_responses: true\n")
		}
		t.WriteString("        }\n      }\n")
	}
	t.WriteString("    ]\n    exports: [\n")
	for _, subject := range []string{wayIn, verdicts} {
		fmt.Fprintf(&t, "      {service: %q, accounts: [%s]}\n", subject, districts)
	}
	for _, subject := range []string{reminders, stream.Results} {
		fmt.Fprintf(&t, "      {stream: %q, accounts: [%s]}\n", subject, districts)
	}
	fmt.Fprintf(&t, "    ]\n  }\n  %s {\n    limits {max_connections: %d}\n    users: [\n", districts, maxDistrictConnections)
	for i := range keys {
		if k := &keys[i]; k.RevokedAt.IsZero() {
			fmt.Fprintf(&t, "      {nkey: %s, permissions {publish: [%q, %q], subscribe: [%q, %q, %q]}}\n", k.Key,
				"submissions."+k.Area+".*", strings.Replace(verdicts, "*", k.Area, 1), inbox(k.Area)+".>", strings.Replace(reminders, "*", k.Area, 1), strings.Replace(stream.Results, "*", k.Area, 1))
		}
	}
	fmt.Fprintf(&t, "    ]\n    imports: [\n      {service: {account: %s, subject: %q}, to: %q}\n      {service: {account: %[1]s, subject: %[4]q}}\n      {stream: {account: %[1]s, subject: %[5]q}}\n      {stream: {account: %[1]s, subject: %[6]q}}\n    ]\n  }\n",
		Core, wayIn, "submissions.*.*", verdicts, reminders, stream.Results)
	t.WriteString("  " + sys + " {}\n}\nsystem_account: " + sys + "\n")
	return t.String()
}

// Encryption returns the TLS of a broker for its clients in the same language; "" where the files
// name none. The server reads them again when it reads its configuration again.
func Encryption(files tlsfiles.Server) string {
	if !files.IsSet() {
		return ""
	}
	text := fmt.Sprintf("tls {\n  cert_file: %q\n  key_file: %q\n", files.CertFile, files.KeyFile)
	if files.ClientCAFile != "" {
		text += fmt.Sprintf("  ca_file: %q\n  verify: true\n", files.ClientCAFile)
	}
	return text + "  min_version: \"1.2\"\n}\n"
}

// list writes a list of subjects, sorted, one on each line; nothing where it is empty.
func list(key string, subjects []string) string {
	if len(subjects) == 0 {
		return ""
	}
	var t strings.Builder
	fmt.Fprintf(&t, "            %s: [\n", key)
	for _, s := range slices.Compact(slices.Sorted(slices.Values(subjects))) {
		fmt.Fprintf(&t, "              %q\n", s)
	}
	t.WriteString("            ]\n")
	return t.String()
}

// Secrets returns the values of the variables in [Text], in the same language.
func Secrets(store *credentials.Store) string {
	var t strings.Builder
	for _, u := range Users() {
		fmt.Fprintf(&t, "%s: %q\n", variable(u.Name), store.Secret(credential(u.Name)))
	}
	return t.String()
}
