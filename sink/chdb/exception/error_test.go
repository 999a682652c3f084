package exception

import (
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Error{
		"Code: 60. DB::Exception: Table x does not exist. (UNKNOWN_TABLE) (version 26.7.2.1 (official build))": {Code: 60, Name: "UNKNOWN_TABLE", Message: "DB::Exception: Table x does not exist."},
		"Error: Code: 27. DB::Exception: bad\ninput: (at row 1)\n. (CANNOT_PARSE)":                             {Code: 27, Name: "CANNOT_PARSE", Message: "DB::Exception: bad\ninput: (at row 1)\n."},
		"Code: 164. DB::Exception: Code: 164. DB::Exception: No. (READONLY) (version 26.7.2.1). (READONLY)":    {Code: 164, Name: "READONLY", Message: "DB::Exception: No."},
		"Code: 1. DB::Exception: a. (X_Y), " + stackMark + "\n\n0. f()\n":                                      {Code: 1, Name: "X_Y", Message: "DB::Exception: a.", Stack: "0. f()"},
		"Invalid or closed connection": {Code: proto.ErrUnknownException, Name: "UNKNOWN_EXCEPTION", Message: "DB::Exception: Invalid or closed connection"},
	} {
		if diff := cmp.Diff(want, *Parse(text), cmpopts.IgnoreUnexported(Error{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	if got, want := Newf(60, "no %s.", "t").Error(), "Code: 60. DB::Exception: no t. (UNKNOWN_TABLE)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
