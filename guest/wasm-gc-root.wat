;; Objects that are WasmGC structs, all of which are also in a global array.
(module
  (import "rt" "call" (func $call (param externref)))

  (type $obj (struct (field $callback (mut externref))))
  (type $objs (array (mut (ref null $obj))))

  ;; The array, doubled when it is full; and the number of its used slots.
  (global $all (mut (ref $objs)) (array.new_default $objs (i32.const 1024)))
  (global $count (mut i32) (i32.const 0))

  (func $keep (param $obj (ref $obj))
    (local $more (ref $objs))
    (if (i32.eq (global.get $count) (array.len (global.get $all)))
      (then
        (local.set $more (array.new_default $objs (i32.shl (global.get $count) (i32.const 1))))
        (array.copy $objs $objs
          (local.get $more) (i32.const 0)
          (global.get $all) (i32.const 0)
          (global.get $count))
        (global.set $all (local.get $more))))
    (array.set $objs (global.get $all) (global.get $count) (local.get $obj))
    (global.set $count (i32.add (global.get $count) (i32.const 1))))

  (func (export "make_obj") (result (ref $obj))
    (local $obj (ref $obj))
    (local.set $obj (struct.new_default $obj))
    (call $keep (local.get $obj))
    (local.get $obj))

  (func (export "attach_callback") (param $obj (ref $obj)) (param $callback externref)
    (struct.set $obj $callback (local.get $obj) (local.get $callback)))

  (func (export "invoke_callback") (param $obj (ref $obj))
    (local $callback externref)
    (local.set $callback (struct.get $obj $callback (local.get $obj)))
    (if (i32.eqz (ref.is_null (local.get $callback)))
      (then (call $call (local.get $callback))))))
