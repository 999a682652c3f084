package decode

import (
	"fmt"
	"regexp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

var (
	// oneComma is a number in which a comma may be the decimal mark or separate thousands.
	oneComma = regexp.MustCompile(`^[+-]?\d{1,3},\d{3}$|^[+-]?\d{1,4},\d{4}$`)
	// decimalComma is one in which it is the decimal mark.
	decimalComma = regexp.MustCompile(`^[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),(?:\d{1,2}|\d{5,})$|^[+-]?\d{1,3}(?:\.\d{3})+,\d+$`)
)

// commas are what a table's figures say of commas.
type commas struct {
	semicolons bool   // cells are separated as they are where the comma is the decimal mark
	decimal    string // the first figure in which it is
	doubtful   string // the first figure that was read with thousands though it may be the decimal mark, and its row
	row        int
}

// uncertain returns why it is not certain what the comma in a figure means: the file is one of those in which commas are
// decimal marks, by how its cells are separated or by a figure above.
func (c *commas) uncertain(text string, row int) *catalogue.Problem {
	switch {
	case decimalComma.MatchString(text) && c.decimal == "":
		c.decimal = text
	case !oneComma.MatchString(text):
	case c.semicolons || c.decimal != "":
		return newProblem("", "", fmt.Sprintf("%s 里的逗号看不出是小数点还是千分位：本文件以分号分列，或别处以逗号作小数点；小数点请写 .，千分位请去掉逗号", text),
			fmt.Sprintf("the comma in %s may be the decimal mark or separate thousands, since the file separates cells by semicolons or has decimal commas elsewhere; write a point, or take the comma away", text))
	case c.doubtful == "":
		c.doubtful, c.row = text, row
	}
	return nil
}

// end returns the question of figures that were read with thousands above one that has a decimal comma.
func (c *commas) end() error {
	if c.doubtful == "" || c.decimal == "" {
		return nil
	}
	doubtful, decimal := event.Excerpt(c.doubtful, 40), event.Excerpt(c.decimal, 40)
	return newProblem(Ambiguous, doubtful, fmt.Sprintf("第 %d 行的 %s 看不出逗号是小数点还是千分位，因为文件里另有 %s；小数点请写 .，千分位请去掉逗号", c.row, doubtful, decimal),
		fmt.Sprintf("the comma in %s, in row %d, may be the decimal mark or separate thousands, since the file has %s as well; write a point, or take the comma away", doubtful, c.row, decimal))
}
