package sink

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// The views fill in what an input leaves out because the input before it has the same. A
// text that leaves nothing out, as earlier programs wrote it, gives the same rows.
func TestInputsAreShownWhole(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	short := event.NewInputs(
		event.Input{Area: "320804", Indicator: "rd", Value: value(t, "1.5"), Stage: catalogue.Final, Sequence: 1},
		event.Input{Area: "320812", Indicator: "rd", Value: value(t, "-2"), Stage: catalogue.Final, Qualifier: catalogue.About, Sequence: 1 << 63},
		event.Input{Area: "320826", Indicator: "rd", Value: value(t, "3"), Stage: catalogue.Flash, Sequence: 3, Period: period(t, "2021-Q1"), Subtracted: true},
		event.Input{Area: "320804", Indicator: "gdp", Value: value(t, "400"), Stage: catalogue.Flash, Sequence: 4},
	)
	const id = "00000000000000000000000000000000"
	long := event.Inputs(`[["320804","rd","1.5","final","","` + id + `",1,"",false],["320812","rd","-2","final","about","` + id + `",9223372036854775808,"",false],` +
		`["320826","rd","3","flash","","` + id + `",3,"2021-Q1",true],["320804","gdp","400","flash","","` + id + `",4,"",false]]`)
	whole := `[('320804','rd',1.5,'final','','` + id + `',1,'',false),('320812','rd',-2,'final','about','` + id + `',9223372036854775808,'',false),` +
		`('320826','rd',3,'flash','','` + id + `',3,'2021-Q1',true),('320804','gdp',400,'flash','','` + id + `',4,'',false)]`
	for _, test := range []struct {
		name   string
		inputs event.Inputs
		want   string
	}{{"short", short, whole}, {"long", long, whole}, {"none", "", "[]"}} {
		total := event.Total{Indicator: test.name, Value: "1", Unit: "%", Stage: "flash", Status: "A", ChangeKind: "point", Expected: 2, Inputs: test.inputs}
		put(t, s, &totalsBlock{}, 1, totalsMessage(t, event.TotalsBatch{Basis: 1, Trigger: event.ByStream, Period: "2021", Totals: []event.Total{total}}))
		frozen := release(test.name)
		frozen.Totals = []event.Total{total}
		body, err := event.EncodeRelease(frozen)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, &releaseBlock{}, 1, stream.Message{Subject: "releases." + test.name, Body: body})
		for _, view := range []string{"totals", "totals_latest", "releases"} {
			var got string
			if err := s.conn.QueryRow(t.Context(), "SELECT toString(arrayZip(inputs.area, inputs.indicator, inputs.value, inputs.stage, inputs.qualifier, inputs.submission, inputs.sequence, inputs.period, inputs.subtracted)) FROM "+view+" WHERE indicator = ?", test.name).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s, %s (-want +got)\n%s", view, test.name, diff)
			}
		}
	}
}
