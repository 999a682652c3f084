package confine

import "testing"

func TestStateSaysWhatHolds(t *testing.T) {
	for _, tt := range []struct {
		state State
		want  string
	}{
		{State{Landlock: 7, Seccomp: true}, "confined: files (Landlock 7), network and programs (seccomp)"},
		{State{Seccomp: true, Missing: "no Landlock"}, "confined: network and programs (seccomp); no Landlock"},
		{State{Missing: "switched off"}, "not confined; switched off"},
	} {
		if got := tt.state.String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestModes(t *testing.T) {
	for mode, good := range map[Mode]bool{Auto: true, Require: true, Off: true, "": false, "on": false} {
		if err := mode.Validate(); (err == nil) != good {
			t.Errorf("%q: %v", mode, err)
		}
	}
}
