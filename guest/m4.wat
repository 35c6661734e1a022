;; Objects in the JavaScript heap: the guest makes them, and reads and writes their
;; only field, through imports.
(module
  (import "rt" "call" (func $call (param externref)))
  (import "rt" "new_object" (func $new_object (result externref)))
  (import "rt" "get_callback" (func $get_callback (param externref) (result externref)))
  (import "rt" "set_callback" (func $set_callback (param externref externref)))

  (func (export "make_obj") (result externref)
    (call $new_object))

  (func (export "attach_callback") (param $obj externref) (param $callback externref)
    (call $set_callback (local.get $obj) (local.get $callback)))

  (func (export "invoke_callback") (param $obj externref)
    (local $callback externref)
    (local.set $callback (call $get_callback (local.get $obj)))
    (if (i32.eqz (ref.is_null (local.get $callback)))
      (then (call $call (local.get $callback))))))
