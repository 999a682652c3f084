package sample

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
)

// The list is what it is made as, says in every row that it is synthetic, has good codes, and
// as many as the area's figure.
func TestListAgreesWithTheFigure(t *testing.T) {
	made, err := GenerateList()
	if err != nil || !bytes.Equal(made, List()) {
		t.Fatalf("run go generate ./configs/sample: %v", err)
	}
	rows, err := csv.NewReader(bytes.NewReader(List())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range rows[1:] {
		code, err := catalogue.ParseEntityCode(r[0])
		if err != nil || seen[code] || !strings.Contains(r[6], "synthetic") || !strings.Contains(r[1], "合成") || r[3] > "2021-12-31" || r[4] <= "2021-12-31" {
			t.Errorf("%v: %v", r, err)
		}
		seen[code] = true
	}
	for _, r := range readSamples(t, "2021") {
		if r.area == "320831" && r.indicator == "hnte_valid" && (r.value != strconv.Itoa(len(seen)) || r.stage != rows[1][5]) {
			t.Errorf("the figure is %s (%s), the list has %d (%s)", r.value, r.stage, len(seen), rows[1][5])
		}
	}
}
