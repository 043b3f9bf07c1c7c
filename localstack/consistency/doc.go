// Package consistency holds what says what the bundle is against each other: the
// services' route tables, template.yaml, the events in testdata, the calls that the
// stores declare, and the README's table of operations. It is tests only.
//
// A new service is one more entry in services.
package consistency
