package main

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs"
)

const kubernetesDir = root + "/configs/kubernetes"

// The parts of Kubernetes' API that the manifests use, as its reference has them. A field that is
// misspelt or stands in the wrong place is none of these.
type (
	manifest struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       yaml.Node
	}
	metadata struct {
		Name   string            `yaml:"name"`
		Labels map[string]string `yaml:"labels"`
	}
	selector struct {
		MatchLabels map[string]string `yaml:"matchLabels"`
	}
	workloadSpec struct { // of Deployment, StatefulSet and Job
		Replicas             int         `yaml:"replicas"`
		ServiceName          string      `yaml:"serviceName"`
		PodManagementPolicy  string      `yaml:"podManagementPolicy"`
		BackoffLimit         int         `yaml:"backoffLimit"`
		Selector             selector    `yaml:"selector"`
		Template             podTemplate `yaml:"template"`
		VolumeClaimTemplates []struct {
			Metadata metadata `yaml:"metadata"`
			Spec     struct {
				AccessModes []string  `yaml:"accessModes"`
				Resources   resources `yaml:"resources"`
			} `yaml:"spec"`
		} `yaml:"volumeClaimTemplates"`
	}
	resources struct {
		Requests map[string]string `yaml:"requests"`
		Limits   map[string]string `yaml:"limits"`
	}
	podTemplate struct {
		Metadata metadata `yaml:"metadata"`
		Spec     struct {
			AutomountServiceAccountToken  *bool  `yaml:"automountServiceAccountToken"`
			RestartPolicy                 string `yaml:"restartPolicy"`
			TerminationGracePeriodSeconds int    `yaml:"terminationGracePeriodSeconds"`
			SecurityContext               struct {
				RunAsNonRoot   bool  `yaml:"runAsNonRoot"`
				RunAsUser      int64 `yaml:"runAsUser"`
				RunAsGroup     int64 `yaml:"runAsGroup"`
				FSGroup        int64 `yaml:"fsGroup"`
				SeccompProfile struct {
					Type string `yaml:"type"`
				} `yaml:"seccompProfile"`
			} `yaml:"securityContext"`
			Containers []container `yaml:"containers"`
			Volumes    []struct {
				Name      string `yaml:"name"`
				ConfigMap *struct {
					Name string `yaml:"name"`
				} `yaml:"configMap"`
				Secret *struct {
					SecretName string `yaml:"secretName"`
				} `yaml:"secret"`
				EmptyDir map[string]string `yaml:"emptyDir"`
			} `yaml:"volumes"`
		} `yaml:"spec"`
	}
	container struct {
		Name  string   `yaml:"name"`
		Image string   `yaml:"image"`
		Args  []string `yaml:"args"`
		Env   []struct {
			Name      string `yaml:"name"`
			Value     string `yaml:"value"`
			ValueFrom struct {
				SecretKeyRef struct {
					Name string `yaml:"name"`
					Key  string `yaml:"key"`
				} `yaml:"secretKeyRef"`
			} `yaml:"valueFrom"`
		} `yaml:"env"`
		Ports []struct {
			Name          string `yaml:"name"`
			ContainerPort int    `yaml:"containerPort"`
		} `yaml:"ports"`
		LivenessProbe   probe     `yaml:"livenessProbe"`
		ReadinessProbe  probe     `yaml:"readinessProbe"`
		Resources       resources `yaml:"resources"`
		SecurityContext struct {
			AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
			ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
			Capabilities             struct {
				Drop []string `yaml:"drop"`
			} `yaml:"capabilities"`
		} `yaml:"securityContext"`
		VolumeMounts []struct {
			Name      string `yaml:"name"`
			MountPath string `yaml:"mountPath"`
			ReadOnly  bool   `yaml:"readOnly"`
		} `yaml:"volumeMounts"`
	}
	probe struct {
		HTTPGet struct {
			Path string `yaml:"path"`
			Port string `yaml:"port"`
		} `yaml:"httpGet"`
		PeriodSeconds    int `yaml:"periodSeconds"`
		TimeoutSeconds   int `yaml:"timeoutSeconds"`
		FailureThreshold int `yaml:"failureThreshold"`
	}
	serviceSpec struct {
		ClusterIP                string            `yaml:"clusterIP"`
		PublishNotReadyAddresses bool              `yaml:"publishNotReadyAddresses"`
		Selector                 map[string]string `yaml:"selector"`
		Ports                    []struct {
			Name       string `yaml:"name"`
			Port       int    `yaml:"port"`
			TargetPort string `yaml:"targetPort"`
		} `yaml:"ports"`
	}
	disruptionSpec struct {
		MaxUnavailable int      `yaml:"maxUnavailable"`
		Selector       selector `yaml:"selector"`
	}
)

// strictly decodes one document without anything unknown in it.
func strictly(t *testing.T, what string, node *yaml.Node, into any) {
	t.Helper()
	text, err := yaml.Marshal(node)
	if err == nil {
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		err = decoder.Decode(into)
	}
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// kubernetesManifests returns the documents of the files that the kustomization names, which are all there are.
func kubernetesManifests(t *testing.T) (all []manifest) {
	t.Helper()
	text, err := os.ReadFile(kubernetesDir + "/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var kustomization struct {
		APIVersion         string   `yaml:"apiVersion"`
		Kind               string   `yaml:"kind"`
		Namespace          string   `yaml:"namespace"`
		Resources          []string `yaml:"resources"`
		ConfigMapGenerator []struct {
			Name  string   `yaml:"name"`
			Files []string `yaml:"files"`
		} `yaml:"configMapGenerator"`
		Images []map[string]string `yaml:"images"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&kustomization); err != nil {
		t.Fatal(err)
	}
	files := append(slices.Clone(kustomization.Resources), "kustomization.yaml")
	for _, generator := range kustomization.ConfigMapGenerator {
		files = append(files, generator.Files...)
	}
	there, err := filepath.Glob(kubernetesDir + "/*")
	if err != nil || len(there) != len(files) {
		t.Fatalf("the kustomization names %q, and there are %q, %v", files, there, err)
	}
	for _, name := range kustomization.Resources {
		text, err := os.ReadFile(filepath.Join(kubernetesDir, name))
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		for {
			var m manifest
			if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			all = append(all, m)
		}
	}
	return all
}

// The manifests run every stage as a user of its own, with settings that the program takes, probes
// that it answers, and nothing that it does not need.
func TestKubernetesRunsEveryStage(t *testing.T) {
	stages, disruptions := map[string]bool{}, map[string]map[string]string{}
	var services []serviceSpec
	for _, m := range kubernetesManifests(t) {
		what := m.Kind + " " + m.Metadata.Name
		switch m.APIVersion + " " + m.Kind {
		case "apps/v1 Deployment", "apps/v1 StatefulSet", "batch/v1 Job":
			var spec workloadSpec
			strictly(t, what, &m.Spec, &spec)
			checkWorkload(t, &m, &spec)
			stages[m.Metadata.Name] = true
		case "v1 Service":
			var spec serviceSpec
			strictly(t, what, &m.Spec, &spec)
			services = append(services, spec)
		case "policy/v1 PodDisruptionBudget":
			var spec disruptionSpec
			strictly(t, what, &m.Spec, &spec)
			disruptions[m.Metadata.Name] = spec.Selector.MatchLabels
			if spec.MaxUnavailable != 1 {
				t.Errorf("%s lets %d go", what, spec.MaxUnavailable)
			}
		default:
			t.Errorf("%s of %s: not known here", what, m.APIVersion)
		}
	}
	labels := func(stage string) map[string]string {
		return map[string]string{"app.kubernetes.io/name": "citytally", "app.kubernetes.io/component": stage}
	}
	for _, stage := range append(app.Stages(), "setup") {
		if !stages[stage] {
			t.Errorf("nothing runs %s", stage)
		}
		if stage != "setup" && !maps.Equal(disruptions[stage], labels(stage)) {
			t.Errorf("the disruption budget of %s is for %v", stage, disruptions[stage])
		}
	}
	if len(services) != 2 || !maps.Equal(services[0].Selector, labels("ingest")) || services[1].ClusterIP != "None" {
		t.Errorf("services: %+v", services)
	}
}

// checkWorkload checks a workload's only container against the program.
func checkWorkload(t *testing.T, m *manifest, spec *workloadSpec) {
	t.Helper()
	name, pod := m.Metadata.Name, &spec.Template.Spec
	if !maps.Equal(m.Metadata.Labels, spec.Template.Metadata.Labels) || m.Kind != "Job" && !maps.Equal(spec.Selector.MatchLabels, m.Metadata.Labels) {
		t.Errorf("%s: labels %v, of its pods %v, wanted %v", name, m.Metadata.Labels, spec.Template.Metadata.Labels, spec.Selector.MatchLabels)
	}
	if len(pod.Containers) != 1 {
		t.Fatalf("%s has %d containers", name, len(pod.Containers))
	}
	c := &pod.Containers[0]
	if s := &c.SecurityContext; !pod.SecurityContext.RunAsNonRoot || pod.SecurityContext.RunAsUser == 0 || pod.SecurityContext.SeccompProfile.Type != "RuntimeDefault" ||
		s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) ||
		pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		t.Errorf("%s may do more than it needs", name)
	}
	if c.Resources.Requests["cpu"] == "" || c.Resources.Requests["memory"] == "" || c.Resources.Limits["memory"] == "" {
		t.Errorf("%s: resources %+v", name, c.Resources)
	}
	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
	}
	for _, v := range spec.VolumeClaimTemplates {
		volumes[v.Metadata.Name] = true
	}
	mounted := map[string]bool{}
	for _, mount := range c.VolumeMounts {
		if !volumes[mount.Name] {
			t.Errorf("%s mounts %s, which is no volume of it", name, mount.Name)
		}
		mounted[mount.MountPath] = true
	}
	environment := []string{}
	for _, e := range c.Env {
		value := e.Value
		if ref := e.ValueFrom.SecretKeyRef; ref.Name != "" {
			value = ref.Name + "-" + ref.Key
		}
		environment = append(environment, e.Name+"="+value)
	}
	settings, err := configs.Load(kubernetesDir+"/citytally.yaml", environment)
	if err != nil {
		t.Fatalf("settings of %s: %v", name, err)
	}
	if user := composeUsers[name]; settings.NATS.User != user || settings.NATS.Password != "citytally-nats-"+user {
		t.Errorf("%s is %s of the broker, want %s with its password", name, settings.NATS.User, user)
	}
	for _, dir := range []string{settings.Dir, "/etc/citytally", "/tmp"} {
		if !mounted[dir] {
			t.Errorf("%s mounts nothing at %s", name, dir)
		}
	}
	if writes := slices.Contains([]string{"transform", "sink", "setup"}, name); writes != (settings.ClickHouse.Password != "") {
		t.Errorf("%s has the password of ClickHouse: %t, want %t", name, !writes, writes)
	}
	command, rest, err := newRoot().Find(c.Args)
	if err == nil {
		err = command.ParseFlags(rest)
	}
	if err != nil {
		t.Fatalf("%s: %s: %v", name, strings.Join(c.Args, " "), err)
	}
	if m.Kind == "Job" {
		return
	}
	if only, _ := command.Flags().GetStringSlice("only"); !slices.Equal(only, []string{name}) {
		t.Errorf("%s runs %q", name, only)
	}
	ports := map[string]int{}
	for _, p := range c.Ports {
		ports[p.Name] = p.ContainerPort
	}
	if c.LivenessProbe.HTTPGet.Path != "/healthz" || c.ReadinessProbe.HTTPGet.Path != "/readyz" || c.LivenessProbe.HTTPGet.Port != "operations" || c.ReadinessProbe.HTTPGet.Port != "operations" ||
		ports["operations"] != 8471 || !slices.Contains(c.Args, "0.0.0.0:8471") {
		t.Errorf("%s: probes %+v, %+v at ports %v", name, c.LivenessProbe, c.ReadinessProbe, ports)
	}
}
