package event

import (
	"reflect"
	"testing"
)

// Equal and SameContent compare every field but those listed here. A new field that is
// neither compared nor listed fails the test.
func TestEqualLooksAtEveryField(t *testing.T) {
	for field, changed := range changes[Total](t) {
		if got, want := (&Total{}).Equal(&changed), field == "Inputs"; got != want {
			t.Errorf("totals that differ in %s: equal %v, want %v", field, got, want)
		}
	}
	ignored := map[string]bool{"CreatedAt": true, "Received": true, "Basis": true, "Person": true}
	for field, changed := range changes[Release](t) {
		if got, want := (&Release{}).SameContent(&changed), ignored[field]; got != want {
			t.Errorf("releases that differ in %s: the same content %v, want %v", field, got, want)
		}
	}
	for field, changed := range changes[Total](t) {
		a, b := Release{Totals: []Total{{}}}, Release{Totals: []Total{changed}}
		if a.SameContent(&b) {
			t.Errorf("releases whose totals differ in %s have the same content", field)
		}
	}
}

func TestEqualTakesAnAbsentListForAnEmptyOne(t *testing.T) {
	a, b := Total{Missing: []string{}, Flags: []string{}}, Total{}
	if !a.Equal(&b) || !b.Equal(&a) {
		t.Error("an empty list differs from none")
	}
}

// changes returns the zero value with one field changed, by the field's name, for
// each field.
func changes[T any](t *testing.T) map[string]T {
	t.Helper()
	all := map[string]T{}
	for i := range reflect.TypeFor[T]().NumField() {
		var changed T
		field := reflect.ValueOf(&changed).Elem().Field(i)
		switch field.Kind() {
		case reflect.String:
			field.SetString("x")
		case reflect.Bool:
			field.SetBool(true)
		case reflect.Int, reflect.Int64:
			field.SetInt(1)
		case reflect.Uint64:
			field.SetUint(1)
		case reflect.Slice:
			field.Set(reflect.MakeSlice(field.Type(), 1, 1))
		case reflect.Pointer:
			field.Set(reflect.New(field.Type().Elem()))
		case reflect.Struct:
			field.Field(0).SetString("x")
		default:
			t.Fatalf("no change is known for a field of kind %s", field.Kind())
		}
		all[reflect.TypeFor[T]().Field(i).Name] = changed
	}
	return all
}
