package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs"
)

const composeFile = "../../docker-compose.yml"

func loadCompose(t *testing.T, environment map[string]string) (*types.Project, error) {
	t.Helper()
	path, err := filepath.Abs(composeFile)
	if err != nil {
		t.Fatal(err)
	}
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: filepath.Dir(path), ConfigFiles: []types.ConfigFile{{Filename: path}}, Environment: environment,
	}, func(o *loader.Options) { o.SetProjectName("citytally", true) })
}

var composeSecrets = map[string]string{
	"NATS_GATEWAY_PASSWORD": "gateway-secret", "NATS_TRANSFORM_PASSWORD": "transform-secret", "NATS_SINK_PASSWORD": "sink-secret", "NATS_SCHEDULE_PASSWORD": "schedule-secret",
	"NATS_OPERATOR_PASSWORD": "operator-secret", "NATS_ADMIN_PASSWORD": "admin-secret", "NATS_REPAIR_PASSWORD": "repair-secret", "CLICKHOUSE_PASSWORD": "c-secret",
}

// composeUsers are the services and the users of the broker that they are.
var composeUsers = map[string]string{
	app.StageIngest: access.Gateway, app.StageCollect: access.Gateway, app.StageTransform: access.Transform, app.StageSink: access.Sink, app.StageSchedule: access.Schedule,
	"setup": access.Admin, "operator": access.Operator,
}

func TestComposeHasNoDefaultPasswords(t *testing.T) {
	for missing := range composeSecrets {
		environment := map[string]string{}
		for name, value := range composeSecrets {
			if name != missing {
				environment[name] = value
			}
		}
		if _, err := loadCompose(t, environment); err == nil || !strings.Contains(err.Error(), "set "+missing) {
			t.Errorf("without %s: %v; want to be told to set it", missing, err)
		}
	}
}

// Each stage is a service whose settings load, whose command parses, and which
// reaches the other services where they listen.
func TestComposeStages(t *testing.T) {
	project, err := loadCompose(t, composeSecrets)
	if err != nil {
		t.Fatal(err)
	}
	for name, service := range project.Services {
		if name != "setup" && (service.HealthCheck == nil || len(service.HealthCheck.Test) == 0) {
			t.Errorf("service %s has no health check", name)
		}
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("service %s publishes port %s beyond this machine", name, port.Published)
			}
		}
	}
	for _, stage := range app.Stages() {
		service, err := project.GetService(stage)
		if err != nil {
			t.Error(err)
			continue
		}
		if !slices.Equal(service.Command[:3], []string{"run", "--only", stage}) {
			t.Errorf("service %s runs %v", stage, service.Command)
		}
		var environment []string
		for name, value := range service.Environment {
			environment = append(environment, name+"="+*value)
		}
		settings, err := configs.Load("", environment)
		if err != nil {
			t.Errorf("settings of service %s: %v", stage, err)
			continue
		}
		if user := composeUsers[stage]; settings.NATS.URL != "nats://nats:4222" || settings.NATS.User != user || settings.NATS.Password != user+"-secret" ||
			!strings.Contains(settings.ClickHouse.DSN, "c-secret@clickhouse:9000/citytally") || settings.Dir != "/data" {
			t.Errorf("settings of service %s: broker %s, ClickHouse %s, directory %s", stage, settings.NATS.URL, settings.ClickHouse.DSN, settings.Dir)
		}
		_, port, err := net.SplitHostPort(settings.Operations.Address)
		if want := "http://127.0.0.1:" + port + "/readyz"; err != nil || !slices.Contains(service.HealthCheck.Test, want) {
			t.Errorf("health check of service %s is %v; want it to ask %s", stage, service.HealthCheck.Test, want)
		}
		for _, server := range []string{"nats", "clickhouse"} {
			if service.DependsOn[server].Condition != types.ServiceConditionHealthy {
				t.Errorf("service %s does not wait for %s", stage, server)
			}
		}
		if service.DependsOn["setup"].Condition != types.ServiceConditionCompletedSuccessfully {
			t.Errorf("service %s does not wait for setup", stage)
		}
		for variable := range service.Environment {
			if strings.HasPrefix(variable, "NATS_") {
				t.Errorf("service %s has the secret %s of the broker", stage, variable)
			}
		}
		checkCommand(t, service)
	}
	for _, name := range []string{"setup", "operator"} {
		service := project.AllServices()[name]
		user, password := service.Environment["CITYTALLY_NATS_USER"], service.Environment["CITYTALLY_NATS_PASSWORD"]
		if user == nil || password == nil || *user != composeUsers[name] || *password != composeUsers[name]+"-secret" {
			t.Errorf("service %s is no user of its own", name)
		}
		checkCommand(t, service)
	}
}

// The broker has the accounts that setup prints, and each user a password of its own.
func TestComposeBroker(t *testing.T) {
	const begin, end = "      accounts {", "\nvolumes:\n"
	text, err := os.ReadFile(composeFile)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	_, tail, ends := strings.Cut(rest, end)
	if !found || !ends {
		t.Fatal("the file has no accounts")
	}
	var accounts strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(access.Text(nil), "$", "$$")) {
		accounts.WriteString("      " + line)
	}
	if want := head + accounts.String() + end + tail; want != string(text) {
		if !*update {
			t.Fatal("the accounts differ from those that setup prints; -update writes them")
		}
		if err := os.WriteFile(composeFile, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	project, err := loadCompose(t, composeSecrets)
	if err != nil {
		t.Fatal(err)
	}
	if content := project.Configs["nats"].Content; !strings.HasSuffix(content, access.Text(nil)) {
		t.Errorf("nats-server would read\n%s", content)
	}
	for _, user := range access.Users() {
		variable := "NATS_" + strings.ToUpper(user.Name) + "_PASSWORD"
		if value := project.Services["nats"].Environment[variable]; value == nil || *value != composeSecrets[variable] {
			t.Errorf("nats-server has no %s", variable)
		}
	}
}

// checkCommand parses a service's command line and that of its health check, so
// that a renamed flag is noticed here.
func checkCommand(t *testing.T, service types.ServiceConfig) {
	t.Helper()
	lines := [][]string{service.Command}
	if test := service.HealthCheck.Test; len(test) > 1 && test[0] == "CMD" && test[1] == "citytally" {
		lines = append(lines, test[2:])
	}
	for _, args := range lines {
		command, rest, err := newRoot().Find(args)
		if err != nil {
			t.Errorf("service %s: %v", service.Name, err)
			continue
		}
		if err := command.ParseFlags(rest); err != nil {
			t.Errorf("service %s: %s: %v", service.Name, strings.Join(args, " "), err)
		}
	}
}

func TestDockerfileBuildsThisCommand(t *testing.T) {
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var major, minor int
	at := bytes.Index(module, []byte("\ngo "))
	if _, err := fmt.Sscanf(string(module[at+1:]), "go %d.%d", &major, &minor); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{fmt.Sprintf("FROM golang:%d.%d-", major, minor), "./cmd/citytally", "USER citytally", `ENTRYPOINT ["citytally"]`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("Dockerfile lacks %q", want)
		}
	}
}
